// Package shard writes the files that models/train reads: rows of numbers, one for each picture of a face, beside a
// description of the columns. NumPy reads them as one structured array.
package shard

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
)

// Writer writes rows of one Go type: a struct of fixed-size fields whose names, in lower case, are the columns'.
type Writer struct {
	file *os.File
	buf  *bufio.Writer
	row  bytes.Buffer
}

// Create begins the file at path (without an ending: .bin holds the rows, .json the columns). The row is an example.
func Create(path string, row any) (*Writer, error) {
	type column struct {
		Name  string `json:"name"`
		Type  string `json:"type"` // as NumPy writes it, little-endian
		Count int    `json:"count"`
	}
	var columns []column
	t := reflect.TypeOf(row)
	for i := range t.NumField() {
		f := t.Field(i)
		elem, n := f.Type, 1
		if elem.Kind() == reflect.Array {
			elem, n = elem.Elem(), elem.Len()
		}
		kinds := map[reflect.Kind]string{reflect.Uint8: "u1", reflect.Uint16: "<u2", reflect.Uint32: "<u4", reflect.Float32: "<f4"}
		k, ok := kinds[elem.Kind()]
		if !ok {
			return nil, fmt.Errorf("write %s: a column cannot be of type %v", path, f.Type)
		}
		columns = append(columns, column{strings.ToLower(f.Name), k, n})
	}
	b, err := json.Marshal(columns)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".json", b, 0o666); err != nil {
		return nil, err
	}
	file, err := os.Create(path + ".bin")
	if err != nil {
		return nil, err
	}
	return &Writer{file: file, buf: bufio.NewWriterSize(file, 1<<20)}, nil
}

// Write appends a row.
func (w *Writer) Write(row any) error {
	w.row.Reset()
	if err := binary.Write(&w.row, binary.LittleEndian, row); err != nil {
		return err
	}
	_, err := w.buf.Write(w.row.Bytes())
	return err
}

// Close writes what is left.
func (w *Writer) Close() error { return errors.Join(w.buf.Flush(), w.file.Close()) }

package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// goWords is what the Go sources say beside types, members and constants: the words of the document, so that they are written once.
type goWords struct {
	types  map[string]string   // "care.Resident" -> its comment
	fields map[string]string   // "care.Resident.Name" -> its comment
	values map[string][]choice // "care.Role" -> its constants
}

// choice is a constant of a type.
type choice struct{ value, about string }

func readGoWords() (*goWords, error) {
	w := &goWords{map[string]string{}, map[string]string{}, map[string][]choice{}}
	for _, dir := range []string{".", "../care", "../pain", "../stream"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					w.read(f.Name.Name, g)
				}
			}
		}
	}
	return w, nil
}

func (w *goWords) read(pkg string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch x := spec.(type) {
		case *ast.TypeSpec:
			name := pkg + "." + x.Name.Name
			w.types[name] = about(x.Name.Name, g.Doc, x.Doc, x.Comment)
			if st, ok := x.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, n := range f.Names {
						w.fields[name+"."+n.Name] = about(n.Name, f.Comment, f.Doc)
					}
				}
			}
		case *ast.ValueSpec:
			t, ok := x.Type.(*ast.Ident)
			if !ok || g.Tok != token.CONST || len(x.Values) != 1 {
				continue
			}
			lit, ok := x.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			v, err := strconv.Unquote(lit.Value)
			if err == nil {
				w.values[pkg+"."+t.Name] = append(w.values[pkg+"."+t.Name], choice{v, about("", x.Comment)})
			}
		}
	}
}

// about is the first comment that there is, in a form for those who know no Go.
func about(name string, comments ...*ast.CommentGroup) string {
	for _, c := range comments {
		if c == nil {
			continue
		}
		text := strings.Join(strings.Fields(c.Text()), " ")
		for _, is := range []string{" is ", " are ", " says "} {
			text = strings.TrimPrefix(text, name+is)
		}
		text = strings.TrimSuffix(strings.NewReplacer(" nil ", " null ", "[", "", "]", "", "pain.", "", "care.", "").Replace(text), ".")
		if text != "" {
			return strings.ToUpper(text[:1]) + text[1:]
		}
	}
	return ""
}

// typeName is how goWords calls a type.
func typeName(t reflect.Type) string {
	return t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:] + "." + t.Name()
}

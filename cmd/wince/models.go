package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wince/models"
	"wince/models/convert"
)

func newModelsCmd() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "models",
		Short: "Fetch, convert and check the neural networks",
		Long: `Wince runs two neural networks with ONNX Runtime: one finds a face, the other places 468 landmarks on it, or 478 where the
setting "mesh" chooses a third network for that. None is part of the program. Where they come from, under which licence and
which checksum they must have is written in the program's lock; a file with other content is refused by name.

The directory is --models, else $WINCE_MODELS, else the first of these that exists: models beside the program,
../share/wince/models from there, bin/models of the checkout around the working directory.

Exit status: 0 all is right, 1 failed, 2 wrong command line, 3 a file is missing or is not the pinned one.`,
		Example: `  wince models fetch                     download what is missing (npm is needed), convert, check
  wince models verify --models /srv/m    check the files in /srv/m
  wince models list                      what is used, from where, under which licence`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.PersistentFlags().StringVar(&dir, "models", "", "directory of the model files (default: see above)")
	cmd.AddCommand(newModelsListCmd(&dir), newModelsFetchCmd(&dir), newModelsVerifyCmd(&dir), newModelsConvertCmd())
	return cmd
}

func newModelsListCmd(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the pinned files: purpose, origin, licence, checksum, shapes, and whether they are there",
		Long: `Prints every file of the lock with its purpose, package, licence and checksum, the shapes of the networks, and whether the
models directory holds it. Nothing is downloaded, and a missing file is no error here.`,
		Example: "  wince models list\n  wince models list --models /srv/m",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			lock, err := models.Pinned()
			if err != nil {
				return err
			}
			at, err := models.FetchDir(*dir)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintf(w, "directory\t%s\n", at)
			for _, a := range lock.Artifacts(models.Platform) {
				state := "there"
				var bad *models.FileError
				if err := a.Check(at); errors.As(err, &bad) && bad.GotSize < 0 {
					state = "missing"
				} else if err != nil {
					state = "refused: " + err.Error()
				}
				f := a.Source
				fmt.Fprintf(w, "\n%s\t%s\n  size\t%d bytes\n  sha256\t%s\n", a.Name, state, a.Length, a.SHA256)
				if a.Converted {
					fmt.Fprintf(w, "  converted from\t%s\n  purpose\t%s\n", f.Name, f.Purpose)
					fmt.Fprintf(w, "  input\t%s %v in %v\n", f.ONNX.Input.Name, f.ONNX.Input.Shape, f.ONNX.Input.Range)
					for _, t := range f.ONNX.Outputs {
						fmt.Fprintf(w, "  output\t%s %v\n", t.Name, t.Shape)
					}
					continue
				}
				if f.ONNX == nil {
					fmt.Fprintf(w, "  purpose\t%s\n", f.Purpose)
				}
				fmt.Fprintf(w, "  origin\tnpm %s, %s, bytes %d to %d\n  licence\t%s\n", a.Version, f.Path, f.Offset, f.Offset+f.Length, f.Licence)
			}
			return w.Flush()
		},
	}
}

func newModelsFetchCmd(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "fetch",
		Short: "Download what is missing, convert it and check it",
		Long: `Downloads the npm packages of files that are missing or damaged (about 120 MB the first time) with the npm on this machine
and its settings, checks each against the lock, converts the networks to ONNX and stores the results. No script of a package
is run. Files that are right are left alone: a second run downloads nothing and works offline.`,
		Example: "  wince models fetch\n  wince models fetch --models /srv/m",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := models.FetchDir(*dir)
			if err != nil {
				return err
			}
			return refused(models.Fetch(c.Context(), at, models.FetchOptions{Progress: func(line string) {
				fmt.Fprintln(c.ErrOrStderr(), "models: "+line)
			}}))
		},
	}
}

func newModelsVerifyCmd(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check the files against the lock",
		Long: `Computes the checksum of every file that Wince needs on this platform and compares it with the lock. Each file that is
missing or different is named with what was expected and what was found, and the exit status is 3.`,
		Example: "  wince models verify\n  wince models verify --models /srv/m",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			at, err := models.FindDir(*dir)
			if err == nil {
				err = models.Verify(at)
			}
			if err != nil {
				return refused(err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: all files are there and right\n", at)
			return err
		},
	}
}

func newModelsConvertCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "convert IN.tflite OUT.onnx",
		Short: "Convert a TensorFlow Lite network to ONNX",
		Long: `Converts one network as "fetch" does: pictures with channels first (NCHW), half-precision weights widened to float32, PReLU
rewritten so that ONNX Runtime keeps its fast layout. The same input always gives the same bytes. Operators: ` +
			strings.Join(convert.Operators(), ", ") + `.
OUT.onnx is replaced if it exists.`,
		Example: "  wince models convert face_landmark.tflite face_landmark.onnx",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read network: %w", err)
			}
			out, err := convert.TFLite(in, convert.Options{})
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if err := os.WriteFile(filepath.Clean(args[1]), out, 0o644); err != nil {
				return fmt.Errorf("write network: %w", err)
			}
			return nil
		},
	}
}

// refused gives errors about model files their exit status.
func refused(err error) error {
	if errors.Is(err, models.ErrFile) {
		return &exitError{exitNoModels, err}
	}
	return err
}

// usageArgs gives errors about positional arguments the exit status of a wrong command line.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &exitError{exitUsage, fmt.Errorf("%w\nTry: %s --help", err, c.CommandPath())}
		}
		return nil
	}
}

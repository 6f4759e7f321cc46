package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wince/pain"
)

func newScalesCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scales",
		Short: "Show the pain scales and check a definition of your own",
		Long: `Pain scales are definition files: items, options, totals, bands, where they come from, whether they may be used, and what the
camera proposes. Those that come with Wince are in the program. A home can add its own through the interface (docs/scales.md);
check such a file here first.`,
		Example: `  wince scales list
  wince scales show painad > ours.yaml     a file to begin with
  wince scales check ours.yaml`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the scales that come with Wince", Args: usageArgs(cobra.NoArgs),
			RunE: func(c *cobra.Command, _ []string) error { return listScales(c.OutOrStdout()) },
		},
		&cobra.Command{
			Use: "show ID", Short: "Print a scale's definition file", Args: usageArgs(cobra.ExactArgs(1)),
			RunE: func(c *cobra.Command, args []string) error { return showScale(c.OutOrStdout(), args[0]) },
		},
		&cobra.Command{
			Use: "check FILE...", Short: "Check definition files and say what is wrong, with file and line", Args: usageArgs(cobra.MinimumNArgs(1)),
			RunE: func(c *cobra.Command, args []string) error { return checkScales(c.OutOrStdout(), args) },
		},
	)
	return cmd
}

func listScales(out io.Writer) error {
	files, err := pain.BuiltInScales()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "id\tversion\tname\titems\ttotal\tcamera\tpermission")
	for _, f := range files {
		s, err := pain.ParseScale(f.Name, f.Text)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d-%d\t%d\t%s\n", s.ID, s.Version, s.Name, len(s.Items), s.Total.Min, s.Total.Max, len(s.CameraItems()), s.Permission.State)
	}
	return w.Flush()
}

func showScale(out io.Writer, id string) error {
	files, err := pain.BuiltInScales()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name == id+".yaml" {
			_, err := out.Write(f.Text)
			return err
		}
	}
	return fmt.Errorf("there is no scale %q: see wince scales list", id)
}

func checkScales(out io.Writer, paths []string) error {
	wrong := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read a definition: %w", err)
		}
		s, err := pain.ParseScale(path, text)
		var fault *pain.ScaleError
		if errors.As(err, &fault) {
			wrong++
			fmt.Fprintln(out, fault)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s %s, %d items, total %d to %d\n", filepath.Base(path), s.ID, s.Version, len(s.Items), s.Total.Min, s.Total.Max)
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d definitions are not valid", wrong, len(paths))
	}
	return nil
}

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// newHealthCmd asks a running server whether it is well: the health check of the image, which has no other HTTP client.
func newHealthCmd() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask a server on this machine whether it is well",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), 4*time.Second)
			defer cancel()
			if err := checkHealth(ctx, url); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "ok")
			return err
		},
	}
	c.Flags().StringVar(&url, "url", "https://127.0.0.1:8443/healthz", "address of the server's health page")
	return c
}

// checkHealth returns nil if url answers 200.
func checkHealth(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		// The certificate names the address that tablets use, not this one. Nothing secret is sent or believed.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
	}}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no healthy server: %w; start one with `wince serve`, or name its health page with --url", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return fmt.Errorf("the server at %s is not well: %s: %s", url, resp.Status, body)
	}
	return nil
}

// Command flux answers newline-delimited JSON requests with what Flux makes of a Kustomization before it is applied.
//
// Requests: {"files": {path: text}, "path": directory, "spec": the Kustomization's, "strict": bool}. The kustomization is
// generated, built, and the variables of postBuild.substitute are put in, each by Flux's own library.
// Answers: {"output": text, "error": text}; the error is empty if there was none.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type request struct {
	Files  map[string]string      `json:"files"`
	Path   string                 `json:"path"`
	Spec   map[string]interface{} `json:"spec"`
	Strict bool                   `json:"strict"`
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error"`
}

const maxRequest = 64 << 20

func main() {
	log.SetOutput(io.Discard)
	// Warnings about deprecated fields go to where errors would.
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), maxRequest)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if encoder.Encode(respond(asked)) != nil || out.Flush() != nil {
			os.Exit(1)
		}
	}
}

func respond(asked request) (result answer) {
	defer func() {
		if fault := recover(); fault != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	text, err := build(asked)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: text}
}

func build(asked request) (string, error) {
	root, err := place(asked.Files)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(root)
	object := unstructured.Unstructured{Object: map[string]interface{}{
		"apiVersion": "kustomize.toolkit.fluxcd.io/v1",
		"kind":       "Kustomization",
		"metadata":   map[string]interface{}{"name": "apps", "namespace": "flux-system"},
		"spec":       asked.Spec,
	}}
	directory := filepath.Join(root, asked.Path)
	if _, err := kustomize.NewGenerator(root, object).WriteFile(directory); err != nil {
		return "", err
	}
	built, err := kustomize.SecureBuild(root, directory, false)
	if err != nil {
		return "", err
	}
	if _, substitutes := asked.Spec["postBuild"]; substitutes {
		strategy, _, _ := unstructured.NestedString(asked.Spec, "postBuild", "substituteStrategy")
		for _, resource := range built.Resources() {
			changed, err := kustomize.SubstituteVariables(context.Background(), nil, object, resource,
				kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(asked.Strict),
				kustomize.SubstituteWithAlways(strategy == "Always"))
			if err != nil {
				return "", fmt.Errorf("post build failed for '%s': %w", resource.GetName(), err)
			}
			if changed != nil {
				if _, err := built.Replace(resource); err != nil {
					return "", err
				}
			}
		}
	}
	text, err := built.AsYaml()
	return string(text), err
}

// place writes files into a folder of their own.
func place(files map[string]string) (string, error) {
	root, err := os.MkdirTemp("", "flux-oracle-")
	if err != nil {
		return "", err
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return root, nil
}

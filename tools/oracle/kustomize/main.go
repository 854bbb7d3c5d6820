// Command kustomize answers newline-delimited JSON requests with what kustomize builds out of a tree.
//
// Requests: {"files": {path: text}, "path": directory} for a tree in memory, {"path": directory} for one on disk. The
// output is as of the command line; with "flux": true, files may lie outside and objects keep the order of the files.
// Answers: {"output": text, "error": text, "seconds": number}; the error is empty if there was none.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

type request struct {
	Files map[string]string `json:"files"`
	Path  string            `json:"path"`
	Flux  bool              `json:"flux"`
}

type answer struct {
	Output  string  `json:"output"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
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
		if encoder.Encode(build(asked)) != nil || out.Flush() != nil {
			os.Exit(1)
		}
	}
}

func build(asked request) (result answer) {
	defer func() {
		if fault := recover(); fault != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	if asked.Files == nil {
		openapi.ResetOpenAPI()
	}
	for _, text := range asked.Files {
		if len(text) > 0 && usesSchema(text) {
			openapi.ResetOpenAPI()
			defer openapi.ResetOpenAPI()
			break
		}
	}
	tree, root, err := place(asked)
	if err != nil {
		return answer{Error: err.Error()}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	if asked.Flux {
		options.Reorder = krusty.ReorderOptionNone
		options.LoadRestrictions = types.LoadRestrictionsNone
	}
	start := time.Now()
	built, err := krusty.MakeKustomizer(options).Run(tree, root)
	if err != nil {
		return answer{Error: err.Error()}
	}
	text, err := built.AsYaml()
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: string(text), Seconds: time.Since(start).Seconds()}
}

// place gives the file system that is asked about, and the directory in it.
func place(asked request) (filesys.FileSystem, string, error) {
	if asked.Files == nil {
		return filesys.MakeFsOnDisk(), asked.Path, nil
	}
	tree := filesys.MakeFsInMemory()
	for name, text := range asked.Files {
		if err := tree.WriteFile(path.Join("/", name), []byte(text)); err != nil {
			return nil, "", err
		}
	}
	return tree, path.Join("/", asked.Path), nil
}

// usesSchema tells whether a build could set the schema, which is one for the whole process.
func usesSchema(text string) bool {
	for at := 0; at+8 <= len(text); at++ {
		if text[at:at+8] == "openapi:" {
			return true
		}
	}
	return false
}

// Command kustomize answers newline-delimited JSON requests with what kustomize builds out of a tree in memory.
//
// Requests: {"files": {path: text}, "path": directory}. Answers: {"output": text, "error": text}; the error is empty
// if there was none. The order of the output is that of the command line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

type request struct {
	Files map[string]string `json:"files"`
	Path  string            `json:"path"`
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
	for _, text := range asked.Files {
		if len(text) > 0 && usesSchema(text) {
			openapi.ResetOpenAPI()
			defer openapi.ResetOpenAPI()
			break
		}
	}
	tree := filesys.MakeFsInMemory()
	for name, text := range asked.Files {
		if err := tree.WriteFile(path.Join("/", name), []byte(text)); err != nil {
			return answer{Error: err.Error()}
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	built, err := krusty.MakeKustomizer(options).Run(tree, path.Join("/", asked.Path))
	if err != nil {
		return answer{Error: err.Error()}
	}
	text, err := built.AsYaml()
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Output: string(text)}
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

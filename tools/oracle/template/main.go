// Command template answers newline-delimited JSON requests with what Go makes of a template.
//
// Requests: {"template": string, "values": any, "engine": "go"|"helm"|"top"|"names"}. Engine "go" (the default) is text/template
// with Sprig's functions and missingkey=zero, dot being the values; engine "helm" calls the template from a chart with its
// .Values as dot, engine "top" with all that Helm gives, and a few files; "names" ignores the template and tells
// Sprig's functions. Answers: {"output": base64, "error": string}; the error is empty if there was none.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

type request struct {
	Template string `json:"template"`
	Values   any    `json:"values"`
	Engine   string `json:"engine"`
}

type answer struct {
	Output []byte `json:"output"`
	Error  string `json:"error"`
}

const maxRequest = 64 << 20

// maxTime is for one request. A template that is at work cannot be stopped, so the process ends with it.
const maxTime = 30 * time.Second

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), maxRequest)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		limit := time.AfterFunc(maxTime, func() { os.Exit(1) })
		line, err := json.Marshal(serve(in.Bytes()))
		limit.Stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(append(line, '\n'))
		out.Flush()
	}
}

func serve(line []byte) (reply answer) {
	defer func() {
		if trouble := recover(); trouble != nil {
			reply = answer{Error: fmt.Sprintf("panic: %v", trouble)}
		}
	}()
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		return answer{Error: "bad request: " + err.Error()}
	}
	run := plain
	switch req.Engine {
	case "helm":
		run = func(req request) ([]byte, error) { return helm(req, ".Values") }
	case "names":
		run = names
	case "top":
		run = func(req request) ([]byte, error) { return helm(req, ".") }
	}
	output, err := run(req)
	if err != nil {
		return answer{Output: output, Error: err.Error()}
	}
	return answer{Output: output}
}

// functions are Sprig's without those that Helm takes away.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	delete(all, "env")
	delete(all, "expandenv")
	return all
}

func names(request) ([]byte, error) {
	sorted := slices.Sorted(maps.Keys(functions()))
	return []byte(strings.Join(sorted, " ")), nil
}

// plain is the bare library: errors are worded as text/template words them.
func plain(req request) ([]byte, error) {
	parsed, err := template.New("t").Option("missingkey=zero").Funcs(functions()).Parse(req.Template)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, req.Values)
	return out.Bytes(), err
}

// helm is Helm's engine over a chart of one template, which sees dot, and three files.
func helm(req request, dot string) ([]byte, error) {
	values, _ := req.Values.(map[string]any)
	c := &chart.Chart{
		Metadata: &chart.Metadata{Name: "c", Version: "0.1.0", APIVersion: "v2"},
		Templates: []*common.File{
			{Name: "templates/_t.tpl", Data: []byte(req.Template)},
			{Name: "templates/t.yaml", Data: []byte(`{{ template "c/templates/_t.tpl" ` + dot + ` }}`)},
		},
		Files: []*common.File{
			{Name: "a.txt", Data: []byte("one\ntwo\n")},
			{Name: "conf/b.txt", Data: []byte("b")},
			{Name: "empty", Data: []byte{}},
		},
	}
	release := common.ReleaseOptions{Name: "r", Namespace: "n", Revision: 1, IsInstall: true}
	top, err := util.ToRenderValues(c, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, top)
	if err != nil {
		return nil, err
	}
	return []byte(files["c/templates/t.yaml"]), nil
}

// Command charts answers newline-delimited JSON requests with what Helm makes of values and charts.
//
//	{"op": "values", "files": {name: text}, "value_files": [name], "settings": [[flag, text]]}
//	  answers {"values": any}: files and settings merged.
//	{"op": "chart", "files": {path: text}, "binary": {path: base64}, "archive": base64, "values": any}
//	  answers {"chart": any, "values": any}: the chart of a folder or an archive, its dependencies processed, and its values
//	  coalesced and checked.
//	{"op": "match", "pattern": string, "name": string} answers {"matched": bool}.
//	{"op": "time", "name": folder} answers {"loaded": ms, "rendered": ms, "bytes": int, "lines": int}: how long reading the chart took, how
//	long it took to render it as `helm template` does without a process, and how much came out.
//
// Every answer has "error", empty if there was none, and "step", where it came up. A whole number that is an integer for
// Go, as --set makes it, is {"int": number} in answers, and so it may be written in requests.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	loader "helm.sh/helm/v4/pkg/chart/loader"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/engine"
	"helm.sh/helm/v4/pkg/getter"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

type request struct {
	Op         string            `json:"op"`
	Files      map[string]string `json:"files"`
	ValueFiles []string          `json:"value_files"`
	Settings   [][2]string       `json:"settings"`
	Archive    []byte            `json:"archive"`
	Binary     map[string][]byte `json:"binary"`
	Values     any               `json:"values"`
	Pattern    string            `json:"pattern"`
	Name       string            `json:"name"`
}

type answer struct {
	Values   any     `json:"values,omitempty"`
	Chart    any     `json:"chart,omitempty"`
	Matched  bool    `json:"matched,omitempty"`
	Loaded   float64 `json:"loaded,omitempty"`
	Rendered float64 `json:"rendered,omitempty"`
	Bytes    int     `json:"bytes,omitempty"`
	Lines    int     `json:"lines,omitempty"`
	Step     string  `json:"step,omitempty"`
	Error    string  `json:"error"`
}

const maxRequest = 256 << 20

func main() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), maxRequest)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		line, err := json.Marshal(serve(in.Bytes()))
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
	for name, data := range req.Binary {
		req.Files[name] = string(data)
	}
	switch req.Op {
	case "values":
		return collect(req)
	case "chart":
		return process(req)
	case "match":
		matched, err := filepath.Match(req.Pattern, req.Name)
		return answer{Matched: matched, Error: text(err)}
	case "time":
		return timed(req.Name)
	}
	return answer{Error: "bad request: unknown op"}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// inFolder writes files into a new folder and runs there, so that errors carry relative paths.
func inFolder(files map[string]string, run func() answer) answer {
	folder, err := os.MkdirTemp("", "helm-oracle")
	if err != nil {
		return answer{Error: "bad request: " + err.Error()}
	}
	defer os.RemoveAll(folder)
	for name, data := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return answer{Error: "bad request: " + err.Error()}
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			return answer{Error: "bad request: " + err.Error()}
		}
	}
	if err := os.Chdir(folder); err != nil {
		return answer{Error: "bad request: " + err.Error()}
	}
	defer os.Chdir("/")
	reply := run()
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		reply.Error = strings.ReplaceAll(reply.Error, real+"/", "")
	}
	reply.Error = strings.ReplaceAll(reply.Error, folder+"/", "")
	return reply
}

// timed renders a chart with its defaults, as action.Install does for `helm template`.
func timed(folder string) answer {
	start := time.Now()
	loaded, err := loader.Load(folder)
	if err != nil {
		return answer{Step: "load", Error: err.Error()}
	}
	c, ok := loaded.(*chart.Chart)
	if !ok {
		return answer{Step: "load", Error: "invalid chart apiVersion"}
	}
	middle := time.Now()
	output, err := render(c)
	if err != nil {
		return answer{Step: "render", Error: err.Error()}
	}
	end := time.Now()
	ms := func(span time.Duration) float64 { return float64(span.Nanoseconds()) / 1e6 }
	return answer{Loaded: ms(middle.Sub(start)), Rendered: ms(end.Sub(middle)), Bytes: len(output), Lines: strings.Count(output, "\n")}
}

func render(c *chart.Chart) (string, error) {
	user := map[string]any{}
	if err := chartutil.ProcessDependencies(c, user); err != nil {
		return "", err
	}
	release := common.ReleaseOptions{Name: "bench", Namespace: "default", Revision: 1, IsInstall: true}
	top, err := util.ToRenderValues(c, user, release, common.DefaultCapabilities)
	if err != nil {
		return "", err
	}
	files, err := engine.Render(c, top)
	if err != nil {
		return "", err
	}
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return "", err
	}
	var aggregated strings.Builder
	for _, manifest := range manifests {
		fmt.Fprintf(&aggregated, "---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	var out strings.Builder
	fmt.Fprintln(&out, strings.TrimSpace(aggregated.String()))
	for _, hook := range hooks {
		fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return out.String(), nil
}

func collect(req request) answer {
	return inFolder(req.Files, func() answer {
		options := values.Options{ValueFiles: req.ValueFiles}
		for _, setting := range req.Settings {
			into := map[string]*[]string{
				"--set":         &options.Values,
				"--set-string":  &options.StringValues,
				"--set-file":    &options.FileValues,
				"--set-json":    &options.JSONValues,
				"--set-literal": &options.LiteralValues,
			}[setting[0]]
			*into = append(*into, setting[1])
		}
		merged, err := options.MergeValues(getter.Providers{})
		if err != nil {
			return answer{Error: err.Error()}
		}
		return answer{Values: typed(merged)}
	})
}

func process(req request) answer {
	return inFolder(req.Files, func() answer {
		path := "."
		if len(req.Archive) > 0 {
			path = "chart.tgz"
			if err := os.WriteFile(path, req.Archive, 0o644); err != nil {
				return answer{Error: "bad request: " + err.Error()}
			}
		}
		loaded, err := loader.Load(path)
		if err != nil {
			return answer{Step: "load", Error: err.Error()}
		}
		c, ok := loaded.(*chart.Chart)
		if !ok {
			return answer{Step: "load", Error: "invalid chart apiVersion"}
		}
		order(c)
		user, _ := untyped(req.Values).(map[string]any)
		if err := chartutil.ProcessDependencies(c, user); err != nil {
			return answer{Step: "dependencies", Error: err.Error()}
		}
		coalesced, err := util.CoalesceValues(c, user)
		if err != nil {
			return answer{Step: "values", Error: err.Error()}
		}
		reply := answer{Chart: described(c), Values: typed(map[string]any(coalesced))}
		if err := util.ValidateAgainstSchema(c, coalesced); err != nil {
			reply.Step, reply.Error = "schema", err.Error()
		}
		return reply
	})
}

// order gives charts the order of their names; Helm has them in that of a Go map.
func order(c *chart.Chart) {
	below := c.Dependencies()
	sort.SliceStable(below, func(i, j int) bool { return below[i].Name() < below[j].Name() })
	c.SetDependencies(below...)
	for _, child := range below {
		order(child)
	}
}

func described(c *chart.Chart) any {
	names := func(files []*common.File) []string {
		list := []string{}
		for _, file := range files {
			list = append(list, file.Name)
		}
		return list
	}
	below := []any{}
	for _, child := range c.Dependencies() {
		below = append(below, described(child))
	}
	return map[string]any{
		"metadata":     c.Metadata,
		"templates":    names(c.Templates),
		"files":        names(c.Files),
		"dependencies": below,
	}
}

// typed shows which numbers are integers.
func typed(value any) any {
	switch value := value.(type) {
	case int64:
		return map[string]any{"int": value}
	case map[string]any:
		out := map[string]any{}
		for key, item := range value {
			out[key] = typed(item)
		}
		return out
	case common.Values:
		return typed(map[string]any(value))
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = typed(item)
		}
		return out
	}
	return value
}

// untyped is the way back.
func untyped(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if number, ok := value["int"].(float64); ok && len(value) == 1 {
			return int64(number)
		}
		for key, item := range value {
			value[key] = untyped(item)
		}
	case []any:
		for i, item := range value {
			value[i] = untyped(item)
		}
	}
	return value
}

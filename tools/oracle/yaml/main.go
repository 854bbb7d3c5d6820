// Command yaml answers newline-delimited JSON requests with what Go's YAML libraries make of a text or a value.
//
// Requests: {"op": "parse3"|"parse2"|"parse2strict"|"emit2"|"emit3"|"json", "text": string, "value": any}.
// Answers: {"documents": [JSON texts], "text": string, "error": string}; the error is empty if there was none.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	yaml2 "go.yaml.in/yaml/v2"
	yaml3 "go.yaml.in/yaml/v3"
	sigs "sigs.k8s.io/yaml"
)

type request struct {
	Op    string          `json:"op"`
	Text  string          `json:"text"`
	Value json.RawMessage `json:"value"`
}

type answer struct {
	Documents []string `json:"documents"`
	Text      string   `json:"text"`
	Error     string   `json:"error"`
}

const maxRequest = 64 << 20

func main() {
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
	switch req.Op {
	case "parse3":
		return documents(parse3(req.Text))
	case "parse2":
		return documents(parse2(req.Text, false))
	case "parse2strict":
		return documents(parse2(req.Text, true))
	case "emit2":
		return text(sigs.JSONToYAML(req.Value))
	case "emit3":
		return text(emit3(req.Value))
	case "json":
		return text(goJSON(req.Value))
	}
	return answer{Error: "unknown op " + req.Op}
}

func documents(values []string, err error) answer {
	if err != nil {
		return answer{Documents: values, Error: err.Error()}
	}
	return answer{Documents: values}
}

func text(data []byte, err error) answer {
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: string(data)}
}

// parse3 reads as kustomize does: node, then map with text keys, then JSON.
func parse3(input string) ([]string, error) {
	reader := yaml3.NewDecoder(bytes.NewReader([]byte(input)))
	values := []string{}
	for {
		var node yaml3.Node
		err := reader.Decode(&node)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		value, err := decode3(&node)
		if err != nil {
			return values, err
		}
		values = append(values, value)
	}
}

func decode3(node *yaml3.Node) (string, error) {
	if len(node.Content) == 1 && node.Content[0].Kind == yaml3.MappingNode {
		var fields map[string]any
		if err := node.Decode(&fields); err != nil {
			return "", err
		}
		return asJSON(fields)
	}
	var any3 any
	if err := node.Decode(&any3); err != nil {
		return "", err
	}
	return asJSON(any3)
}

func asJSON(value any) (string, error) {
	data, err := json.Marshal(value)
	return string(data), err
}

// parse2 reads all documents as sigs.k8s.io/yaml reads the first one.
func parse2(input string, strict bool) ([]string, error) {
	reader := yaml2.NewDecoder(bytes.NewReader([]byte(input)))
	reader.SetStrict(strict)
	values := []string{}
	for {
		var tree any
		err := reader.Decode(&tree)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		plain, err := textKeys(tree)
		if err != nil {
			return values, err
		}
		value, err := asJSON(plain)
		if err != nil {
			return values, err
		}
		values = append(values, value)
	}
}

func textKeys(tree any) (any, error) {
	switch node := tree.(type) {
	case map[any]any:
		fields := make(map[string]any, len(node))
		for key, value := range node {
			name, err := textKey(key)
			if err != nil {
				return nil, err
			}
			if fields[name], err = textKeys(value); err != nil {
				return nil, err
			}
		}
		return fields, nil
	case []any:
		for i, item := range node {
			var err error
			if node[i], err = textKeys(item); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}

func textKey(key any) (string, error) {
	switch name := key.(type) {
	case string:
		return name, nil
	case int:
		return strconv.Itoa(name), nil
	case bool:
		return strconv.FormatBool(name), nil
	case float64:
		switch text := strconv.FormatFloat(name, 'g', -1, 32); text {
		case "+Inf":
			return ".inf", nil
		case "-Inf":
			return "-.inf", nil
		case "NaN":
			return ".nan", nil
		default:
			return text, nil
		}
	}
	return "", fmt.Errorf("unsupported map key of type: %T", key)
}

// emit3 writes as Helm's toYamlPretty does; whole numbers are integers, all others floats.
func emit3(data []byte) ([]byte, error) {
	reader := json.NewDecoder(bytes.NewReader(data))
	reader.UseNumber()
	var value any
	if err := reader.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := yaml3.NewEncoder(&out)
	encoder.SetIndent(2)
	err := encoder.Encode(numbers(value))
	return out.Bytes(), err
}

func numbers(value any) any {
	switch node := value.(type) {
	case map[string]any:
		for key, item := range node {
			node[key] = numbers(item)
		}
	case []any:
		for i, item := range node {
			node[i] = numbers(item)
		}
	case json.Number:
		if whole, err := strconv.ParseInt(node.String(), 10, 64); err == nil && node != "-0" {
			return whole
		}
		if whole, err := strconv.ParseUint(node.String(), 10, 64); err == nil {
			return whole
		}
		float, _ := node.Float64()
		return float
	}
	return value
}

// goJSON writes the value again with encoding/json.
func goJSON(data []byte) ([]byte, error) {
	reader := json.NewDecoder(bytes.NewReader(data))
	var value any
	if err := reader.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

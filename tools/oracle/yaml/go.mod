// The YAML readers and writers of the Go world, driven in batches by the differential test of crates/goyaml.
module setpoint.dev/oracle/yaml

go 1.26.0

require (
	go.yaml.in/yaml/v2 v2.4.3
	go.yaml.in/yaml/v3 v3.0.4
	sigs.k8s.io/yaml v1.6.0
)

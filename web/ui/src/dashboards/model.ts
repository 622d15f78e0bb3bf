// A dashboard as the page draws it. Files are in Grafana's form; read.ts makes this of them.

export type PanelKind = 'timeseries' | 'stat' | 'gauge' | 'bar' | 'table' | 'text' | 'unknown';
export type Calc = 'last' | 'first' | 'mean' | 'min' | 'max' | 'sum' | 'count';

export interface PanelQuery {
  expr: string;
  legend: string; // with {{label}}; "" = the labels
  instant: boolean;
  name: string; // A, B, …
}

export interface Threshold {
  from: number; // -Infinity for the first
  color: string;
}

export interface Panel {
  id: number;
  title: string;
  description: string;
  kind: PanelKind;
  type: string; // as the file says
  grid: { x: number; y: number; w: number; h: number }; // of 24 columns
  queries: PanelQuery[];
  unit: string;
  decimals: number | null;
  min: number | null;
  max: number | null;
  thresholds: Threshold[];
  calc: Calc;
  stacked: boolean;
  fill: number; // percent
  minStepMs: number;
  text: string;
  colored: boolean; // whether a value takes the colour of its threshold
  sparkline: boolean;
}

export interface Section {
  title: string; // "" for panels before the first row
  collapsed: boolean;
  panels: Panel[];
}

export type VariableKind = 'query' | 'custom' | 'constant' | 'text' | 'interval';

export interface Variable {
  name: string;
  label: string;
  kind: VariableKind;
  query: string; // of kind query: label_values(…); of the others the choices, with commas
  regex: string;
  multi: boolean;
  all: boolean; // offers All
  allValue: string;
  hidden: boolean;
  initial: string[];
}

export interface Dashboard {
  title: string;
  description: string;
  from: string;
  to: string;
  refreshSeconds: number;
  variables: Variable[];
  sections: Section[];
  notes: string[]; // what of the file is not shown
}

// What each relabelling rule did to a target's labels.
import type { Labels } from '../api/types';

export interface RelabelRule {
  source_labels?: string[];
  separator?: string;
  regex?: string;
  modulus?: number;
  target_label?: string;
  replacement?: string;
  action?: string;
}

export interface RelabelStep {
  rule: RelabelRule;
  output: Labels;
  keep: boolean;
}

export interface LabelChange {
  name: string;
  before?: string; // undefined: it was not there
  after?: string; // undefined: it was removed
}

export function labelChanges(before: Labels, after: Labels): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

// The rule as configuration files have it, on one line; what is the default stays out.
export function ruleText({ action, source_labels, separator, regex, modulus, target_label, replacement }: RelabelRule): string {
  const parts = [`action: ${action ?? 'replace'}`];
  if (source_labels !== undefined) parts.push(`source_labels: [${source_labels.join(', ')}]`);
  if (separator !== undefined && separator !== ';') parts.push(`separator: ${JSON.stringify(separator)}`);
  if (regex !== undefined && regex !== '(.*)') parts.push(`regex: ${regex}`);
  if (modulus !== undefined) parts.push(`modulus: ${modulus}`);
  if (target_label !== undefined) parts.push(`target_label: ${target_label}`);
  if (replacement !== undefined && replacement !== '$1') parts.push(`replacement: ${replacement}`);
  return parts.join(' · ');
}

// The rules API's answer, and how the pages look at it.
import type { Rule, RuleGroup } from '../api/types';
import { encodePanels } from '../query/url';
import { newPanel } from '../query/panel_state';

export interface RuleGroups {
  groups: RuleGroup[] | null;
}

export function querySearch(expr: string): string {
  return encodePanels([newPanel({ expr, tab: 'graph' })]);
}

const urgency = { firing: 0, pending: 1, unknown: 2, inactive: 3 };

// Alerting rules of all groups, those that need a person first.
export function alertingRules(groups: RuleGroup[]): { group: RuleGroup; rule: Rule }[] {
  return groups
    .flatMap((group) => group.rules.filter((rule) => rule.type === 'alerting').map((rule) => ({ group, rule })))
    .sort((a, b) => urgency[a.rule.state ?? 'inactive'] - urgency[b.rule.state ?? 'inactive']);
}

// Alerting rules with their active alerts, firing first.
import { useEffect, useState } from 'preact/hooks';
import type { Alert, Rule } from '../api/types';
import { useApi } from '../api/use_api';
import { followInside, viewHref } from '../base/location';
import { useSettings } from '../base/settings';
import { humanDuration } from '../format/duration';
import { formatInstant } from '../format/instant';
import { Segmented } from '../parts/segmented';
import { LabelChips } from '../parts/series_label';
import { Empty, Failure, Loading } from '../parts/states';
import { alertingRules, querySearch, type RuleGroups } from './rule_groups';

const badges = { firing: 'down', pending: 'unknown', inactive: 'up', unknown: 'unknown' };

function AlertRow({ alert }: { alert: Alert }) {
  const { timeZone } = useSettings();
  const since = Date.parse(alert.activeAt ?? '');
  return (
    <li class="target">
      <div class="target-main">
        <span class={`badge ${badges[alert.state]}`}>{alert.state}</span>
        <LabelChips labels={alert.labels} />
        <span class="target-times">
          {!Number.isNaN(since) && <span>since {formatInstant(since, timeZone)}</span>}
          <span>value {alert.value}</span>
        </span>
      </div>
      {Object.entries(alert.annotations).map(([name, text]) => (
        <p key={name} class="annotation"><span class="muted">{name}</span> {text}</p>
      ))}
    </li>
  );
}

function RuleCard({ rule, group }: { rule: Rule; group: string }) {
  const search = querySearch(rule.query);
  const state = rule.state ?? 'inactive';
  return (
    <details class="card pool" open={state === 'firing' || state === 'pending'}>
      <summary>
        <h2>{rule.name}</h2>
        <span class={`badge ${badges[state]}`}>{state}</span>
        <span class="muted">{group}{rule.duration ? `, for ${humanDuration(rule.duration)}` : ''}</span>
      </summary>
      <a class="expr" href={viewHref('query', search)} onClick={(event) => followInside(event, 'query', search)}>
        {rule.query}
      </a>
      <ul>{(rule.alerts ?? []).map((alert, i) => <AlertRow key={i} alert={alert} />)}</ul>
    </details>
  );
}

export function AlertsPage() {
  const { data, error, loading, reload } = useApi<RuleGroups>('rules?type=alert');
  const [wanted, setWanted] = useState<'all' | 'firing' | 'pending' | 'inactive'>('all');
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload();
    }, 15_000);
    return () => clearInterval(timer);
  }, [reload]);
  const rules = alertingRules(data?.groups ?? []);
  const count = (state: string) => rules.filter(({ rule }) => rule.state === state).length;
  const shown = rules.filter(({ rule }) => wanted === 'all' || rule.state === wanted);
  return (
    <>
      <div class="page-bar">
        <h1>Alerts</h1>
        <Segmented label="State" value={wanted} onChange={setWanted} options={[
          { value: 'all', text: `All ${rules.length}` },
          { value: 'firing', text: `Firing ${count('firing')}` },
          { value: 'pending', text: `Pending ${count('pending')}` },
          { value: 'inactive', text: `Inactive ${count('inactive')}` },
        ]} />
      </div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && shown.length === 0 && (
        <div class="card">
          <Empty title={rules.length === 0 ? 'No alerting rules are loaded' : 'No alert in this state'}>
            {rules.length === 0 && <p>Name rule files under rule_files in the configuration.</p>}
          </Empty>
        </div>
      )}
      {shown.map(({ rule, group }, i) => <RuleCard key={`${group.file} ${rule.name} ${i}`} rule={rule} group={group.name} />)}
    </>
  );
}

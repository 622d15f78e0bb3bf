// Recording and alerting rules by group, with the time each took and its last error.
import type { Rule } from '../api/types';
import { useApi } from '../api/use_api';
import { followInside, viewHref } from '../base/location';
import { humanDuration } from '../format/duration';
import { Empty, Failure, Loading } from '../parts/states';
import { querySearch, type RuleGroups } from './rule_groups';

function RuleRow({ rule }: { rule: Rule }) {
  const search = querySearch(rule.query);
  return (
    <li class="target">
      <div class="target-main">
        <span class={`badge ${rule.health === 'ok' ? 'up' : rule.health === 'err' ? 'down' : 'unknown'}`}>
          {rule.health}
        </span>
        <b>{rule.name}</b>
        <span class="muted">{rule.type}</span>
        <span class="target-times">took {humanDuration(rule.evaluationTime)}</span>
      </div>
      <a class="expr" href={viewHref('query', search)} onClick={(event) => followInside(event, 'query', search)}>
        {rule.query}
      </a>
      {rule.lastError !== undefined && rule.lastError !== '' && <p class="target-error">{rule.lastError}</p>}
    </li>
  );
}

export function RulesPage() {
  const { data, error, loading, reload } = useApi<RuleGroups>('rules');
  return (
    <>
      <div class="page-bar"><h1>Rules</h1></div>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && loading && <div class="card"><Loading /></div>}
      {data !== null && (data.groups ?? []).length === 0 && (
        <div class="card">
          <Empty title="No rules are loaded"><p>Name rule files under rule_files in the configuration.</p></Empty>
        </div>
      )}
      {(data?.groups ?? []).map((group) => (
        <details key={`${group.file}\n${group.name}`} class="card pool" open>
          <summary>
            <h2>{group.name}</h2>
            <span class="muted">{group.file}, every {humanDuration(group.interval)}</span>
          </summary>
          <ul>{group.rules.map((rule, i) => <RuleRow key={i} rule={rule} />)}</ul>
        </details>
      ))}
    </>
  );
}

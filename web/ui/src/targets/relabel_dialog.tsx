// Relabelling of one target, rule after rule.
import { useApi } from '../api/use_api';
import type { Labels } from '../api/types';
import { labelName, quoted } from '../format/series_name';
import { Dialog } from '../parts/dialog';
import { LabelChips } from '../parts/series_label';
import { Empty, Failure, Loading } from '../parts/states';
import { type LabelChange, labelChanges, type RelabelStep, ruleText } from './relabel_steps';

interface Props {
  pool: string;
  labels: Labels; // as discovered
  onClose: () => void;
}

function Change({ change }: { change: LabelChange }) {
  const { name, before, after } = change;
  return (
    <li class="chip">
      {labelName(name)}{' '}
      {before !== undefined && <del>{quoted(before)}</del>}
      {before !== undefined && after !== undefined && ' → '}
      {after !== undefined ? <ins>{quoted(after)}</ins> : <span class="muted"> removed</span>}
    </li>
  );
}

function Step({ step, before }: { step: RelabelStep; before: Labels }) {
  const changes = step.keep ? labelChanges(before, step.output) : [];
  return (
    <li class="relabel-step">
      <code>{ruleText(step.rule)}</code>
      {!step.keep ? <p><span class="badge down">dropped here</span></p>
        : changes.length === 0 ? <p class="muted">changed nothing</p>
          : <ul class="chips">{changes.map((change) => <Change key={change.name} change={change} />)}</ul>}
    </li>
  );
}

// Labels that begin with two underscores go when all rules are done.
function finalLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('__')));
}

export function RelabelDialog({ pool, labels, onClose }: Props) {
  const search = new URLSearchParams({ scrapePool: pool, labels: JSON.stringify(labels) }).toString();
  const { data, error, loading, reload } = useApi<{ steps: RelabelStep[] }>(`targets/relabel_steps?${search}`);
  const steps = data?.steps ?? [];
  const dropped = steps.findIndex(({ keep }) => !keep);
  const shown = dropped < 0 ? steps : steps.slice(0, dropped + 1);
  const last = shown[shown.length - 1]?.output ?? labels;
  return (
    <Dialog title={`Relabelling in ${pool}`} onClose={onClose}>
      <div class="relabel">
        <h3>Discovered</h3>
        <LabelChips labels={labels} />
        {error !== null && <Failure error={error} retry={reload} />}
        {data === null && loading && <Loading rows={4} />}
        {data !== null && steps.length === 0 && (
          <Empty title="No rules"><p>This job has no relabel_configs; the labels stay as they are.</p></Empty>
        )}
        {shown.length > 0 && <h3>Rules</h3>}
        <ol>{shown.map((step, i) => <Step key={i} step={step} before={i === 0 ? labels : shown[i - 1].output} />)}</ol>
        {data !== null && dropped < 0 && (
          <>
            <h3>Result</h3>
            <LabelChips labels={finalLabels(last)} />
          </>
        )}
        {dropped >= 0 && <p class="target-error">Rule {dropped + 1} of {steps.length} drops this target.</p>}
      </div>
    </Dialog>
  );
}

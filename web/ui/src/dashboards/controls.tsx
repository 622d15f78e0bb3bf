// What stands above a dashboard: variables, range, refresh.
import { useSettings } from '../base/settings';
import { formatDuration } from '../format/duration';
import { formatInstant } from '../format/instant';
import { CloseIcon, LeftIcon, RefreshIcon, RightIcon } from '../parts/icons';
import type { Dashboard, Variable } from './model';
import type { Range } from './times';
import { allChoice } from './variables';
import type { VariableState } from './use_variables';

const ranges = ['now-5m', 'now-15m', 'now-30m', 'now-1h', 'now-3h', 'now-6h', 'now-12h', 'now-1d', 'now-2d', 'now-7d', 'now-30d'];
const refreshes = [0, 5, 10, 30, 60, 300];

interface VariableProps {
  variable: Variable;
  state: VariableState;
  onChoose: (values: string[]) => void;
}

function MultiChoice({ variable, state, onChoose }: VariableProps) {
  const values = state.values.get(variable.name) ?? [];
  const choices = state.choices.get(variable.name) ?? [];
  const all = variable.all ? [allChoice, ...choices] : choices;
  const toggle = (choice: string) => {
    if (choice === allChoice) return onChoose([allChoice]);
    const rest = values.filter((value) => value !== allChoice && value !== choice);
    return onChoose(values.includes(choice) && rest.length > 0 ? rest : [...rest, choice]);
  };
  const summary = values.map((value) => (value === allChoice ? 'All' : value)).join(', ');
  return (
    <details class="menu dash-multi" onFocusOut={(event) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) event.currentTarget.open = false;
    }}>
      <summary class="input" title={summary}>{summary || 'none'}</summary>
      <div class="menu-list" tabIndex={-1}>
        {all.map((choice) => (
          <label key={choice}>
            <input type="checkbox" checked={values.includes(choice)} onChange={() => toggle(choice)} />
            {choice === allChoice ? 'All' : choice}
          </label>
        ))}
      </div>
    </details>
  );
}

function VariableChoice(props: VariableProps) {
  const { variable, state, onChoose } = props;
  const [value] = state.values.get(variable.name) ?? [''];
  const choices = state.choices.get(variable.name) ?? [];
  if (variable.kind === 'text') {
    return <input class="input" value={value} onChange={(event) => onChoose([event.currentTarget.value])} />;
  }
  if (variable.multi) return <MultiChoice {...props} />;
  return (
    <select class="input" value={value} onChange={(event) => onChoose([event.currentTarget.value])}>
      {variable.all && <option value={allChoice}>All</option>}
      {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      {choices.length === 0 && !variable.all && <option value="">none</option>}
    </select>
  );
}

interface Props {
  board: Dashboard;
  state: VariableState;
  from: string;
  to: string;
  range: Range;
  refreshSeconds: number;
  onTimes: (from: string, to: string) => void;
  onRefresh: (seconds: number) => void;
  onReload: () => void;
  onVariable: (name: string, values: string[]) => void;
}

export function Controls(props: Props) {
  const { board, state, from, to, range, refreshSeconds, onTimes, onRefresh, onReload, onVariable } = props;
  const { timeZone } = useSettings();
  const relative = to === 'now' && from.startsWith('now-');
  const length = range.endMs - range.startMs;
  const known = ranges.includes(from) || !relative ? ranges : [from, ...ranges];
  const move = (by: number) => onTimes(String(Math.round(range.startMs + by)), String(Math.round(range.endMs + by)));
  return (
    <div class="dash-controls">
      {board.variables.filter(({ hidden }) => !hidden).map((variable) => (
        <label key={variable.name} class="dash-variable">
          <span>{variable.label}</span>
          <VariableChoice variable={variable} state={state} onChoose={(values) => onVariable(variable.name, values)} />
        </label>
      ))}
      <span class="dash-times">
        <span class="picker" role="group" aria-label="Range">
          <button type="button" class="button" aria-label="Earlier" title="Earlier" onClick={() => move(-length / 2)}><LeftIcon /></button>
          {relative ? (
            <select class="input" aria-label="Range" value={from} onChange={(event) => onTimes(event.currentTarget.value, 'now')}>
              {known.map((one) => <option key={one} value={one}>Last {one.slice(4)}</option>)}
            </select>
          ) : (
            <>
              <span class="input dash-absolute">{formatInstant(range.startMs, timeZone)} – {formatInstant(range.endMs, timeZone).slice(11)}</span>
              <button type="button" class="button" aria-label="Back to now" title="Back to now" onClick={() => onTimes('', '')}><CloseIcon /></button>
            </>
          )}
          <button type="button" class="button" aria-label="Later" title="Later" disabled={relative} onClick={() => move(length / 2)}><RightIcon /></button>
        </span>
        <span class="picker">
          <button type="button" class="button" aria-label="Refresh now" title="Refresh now" onClick={onReload}><RefreshIcon /></button>
          <select class="input" aria-label="Auto refresh" title="Auto refresh" value={refreshSeconds}
            onChange={(event) => onRefresh(Number(event.currentTarget.value))}>
            {(refreshes.includes(refreshSeconds) ? refreshes : [refreshSeconds, ...refreshes]).map((seconds) => (
              <option key={seconds} value={seconds}>{seconds === 0 ? 'Off' : formatDuration(seconds * 1000)}</option>
            ))}
          </select>
        </span>
      </span>
    </div>
  );
}

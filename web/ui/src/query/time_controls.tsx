// Pickers for range, end and resolution of a graph, and for the instant of a table.
import { useEffect, useId, useState } from 'preact/hooks';
import { useSettings } from '../base/settings';
import { formatDuration, longerRange, parseDuration, shorterRange } from '../format/duration';
import { formatInstant, parseInstant } from '../format/instant';
import { CloseIcon, LeftIcon, MinusIcon, PlusIcon, RightIcon } from '../parts/icons';
import { type Density, effectiveStepMs, type PanelState, type Resolution } from './panel_state';

interface Props {
  panel: PanelState;
  onChange: (change: Partial<PanelState>) => void;
}

interface TextProps {
  label: string;
  value: string;
  placeholder?: string;
  width: string;
  hint: string; // what a good value looks like
  list?: string;
  accept: (text: string) => boolean; // false: not understood, the text stays and is marked
}

// Takes effect on Enter or when left; Escape brings the old value back.
function PickerText({ label, value, placeholder, width, hint, list, accept }: TextProps) {
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState(false);
  useEffect(() => {
    setText(value);
    setWrong(false);
  }, [value]);
  const commit = () => {
    if (text === value) setWrong(false);
    else setWrong(!accept(text));
  };
  return (
    <input
      class={`input ${wrong ? 'wrong' : ''}`}
      style={{ width }}
      aria-label={label}
      aria-invalid={wrong}
      title={wrong ? `Not understood. ${hint}` : hint}
      placeholder={placeholder}
      list={list}
      value={text}
      onInput={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
        if (event.key === 'Escape') {
          setText(value);
          setWrong(false);
        }
      }}
    />
  );
}

export function RangePicker({ panel, onChange }: Props) {
  const choices = useId();
  return (
    <div class="picker" role="group" aria-label="Range">
      <button type="button" class="button" aria-label="Shorter range" title="Shorter range"
        onClick={() => onChange({ rangeMs: shorterRange(panel.rangeMs) })}>
        <MinusIcon />
      </button>
      <PickerText label="Range" value={formatDuration(panel.rangeMs)} width="6.5em"
        hint="A duration such as 30m, 6h or 1d12h." list={choices}
        accept={(text) => {
          const rangeMs = parseDuration(text);
          if (rangeMs === null || rangeMs < 1000) return false;
          onChange({ rangeMs });
          return true;
        }} />
      <datalist id={choices}>{rangeChoices.map((range) => <option key={range} value={range} />)}</datalist>
      <button type="button" class="button" aria-label="Longer range" title="Longer range"
        onClick={() => onChange({ rangeMs: longerRange(panel.rangeMs) })}>
        <PlusIcon />
      </button>
    </div>
  );
}

// The end of the range, or the instant of a table; empty means now.
export function EndPicker({ panel, onChange }: Props) {
  const { timeZone } = useSettings();
  const end = panel.endMs;
  const half = Math.max(1000, Math.floor(panel.rangeMs / 2));
  const move = (by: number) => {
    const next = (end ?? Date.now()) + by;
    onChange({ endMs: next >= Date.now() ? null : Math.floor(next / 1000) * 1000 });
  };
  const label = panel.tab !== 'table' ? 'End time' : 'Evaluation time';
  return (
    <div class="picker" role="group" aria-label={label}>
      <button type="button" class="button" aria-label="Earlier" title="Earlier" onClick={() => move(-half)}>
        <LeftIcon />
      </button>
      <PickerText label={label} value={end === null ? '' : formatInstant(end, timeZone)}
        placeholder="now" width="12.5em" hint="A time such as 2026-03-01 14:05:00; empty is now."
        accept={(text) => {
          const endMs = text.trim() === '' || text.trim() === 'now' ? null : parseInstant(text, timeZone);
          if (endMs === null && text.trim() !== '' && text.trim() !== 'now') return false;
          onChange({ endMs });
          return true;
        }} />
      {end !== null && (
        <button type="button" class="button" aria-label="Back to now" title="Back to now"
          onClick={() => onChange({ endMs: null })}>
          <CloseIcon />
        </button>
      )}
      <button type="button" class="button" aria-label="Later" title="Later" disabled={end === null}
        onClick={() => move(half)}>
        <RightIcon />
      </button>
    </div>
  );
}

const rangeChoices = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '1w', '2w', '30d'];

const densities: [Density, string][] = [['low', 'Low'], ['medium', 'Medium'], ['high', 'High']];
const fixedSteps = ['1s', '5s', '10s', '15s', '30s', '1m', '5m', '15m', '1h', '6h', '1d'];

export function ResolutionPicker({ panel, onChange }: Props) {
  const value = panel.resolution.kind === 'auto' ? panel.resolution.density
    : formatDuration(panel.resolution.stepMs);
  const steps = densities.some(([name]) => name === value) || fixedSteps.includes(value)
    ? fixedSteps : [value, ...fixedSteps];
  const choose = (text: string) => {
    const resolution: Resolution = densities.some(([name]) => name === text)
      ? { kind: 'auto', density: text as Density }
      : { kind: 'fixed', stepMs: parseDuration(text) ?? 1000 };
    onChange({ resolution });
  };
  return (
    <select class="input" aria-label="Resolution" title="Resolution" value={value}
      onChange={(event) => choose(event.currentTarget.value)}>
      <optgroup label="By range">
        {densities.map(([name, text]) => (
          <option key={name} value={name}>
            {text} ({formatDuration(effectiveStepMs({ kind: 'auto', density: name }, panel.rangeMs))})
          </option>
        ))}
      </optgroup>
      <optgroup label="Fixed step">
        {steps.map((step) => (
          <option key={step} value={step}>
            {step}
          </option>
        ))}
      </optgroup>
    </select>
  );
}

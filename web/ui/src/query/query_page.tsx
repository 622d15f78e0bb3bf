// The query page: its panels are the URL, so every view of it can be shared.
import { useEffect, useState } from 'preact/hooks';
import { pushAddress, replaceAddress } from '../base/location';
import { changeSettings, useSettings } from '../base/settings';
import { formatDuration } from '../format/duration';
import { PlusIcon, RefreshIcon } from '../parts/icons';
import { newPanel, type PanelState } from './panel_state';
import { QueryPanel } from './query_panel';
import { decodePanels, encodePanels } from './url';

interface KeyedPanel {
  key: number; // stays with its panel when others come and go
  state: PanelState;
}

let lastKey = 0;
function keyed(state: PanelState): KeyedPanel {
  lastKey += 1;
  return { key: lastKey, state };
}

function fromAddress(): PanelState[] {
  const panels = decodePanels(window.location.search);
  return panels.length > 0 ? panels : [newPanel()];
}

// moves counts navigation from outside: then the URL is read again.
function usePanels(moves: number) {
  const [panels, setPanels] = useState(() => fromAddress().map(keyed));
  const [readAt, setReadAt] = useState(moves);
  if (readAt !== moves) {
    setReadAt(moves);
    const states = fromAddress();
    setPanels(states.map((state, i) => (i < panels.length ? { ...panels[i], state } : keyed(state))));
  }
  useEffect(() => {
    // "/" and "/graph" become the address that can be shared.
    if (window.location.search !== '') replaceAddress('query', encodePanels(fromAddress()));
  }, []);
  const update = (next: KeyedPanel[]) => {
    setPanels(next);
    pushAddress('query', encodePanels(next.map((panel) => panel.state)));
  };
  return { panels, update };
}

// A number that grows every so many seconds while the page is looked at.
function useRefresh(seconds: number): [number, () => void] {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (seconds === 0) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setTick((old) => old + 1);
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return [tick, () => setTick((old) => old + 1)];
}

const refreshChoices = [0, 5, 10, 30, 60, 300];

export function QueryPage({ moves }: { moves: number }) {
  const { refreshSeconds } = useSettings();
  const { panels, update } = usePanels(moves);
  const [tick, refreshNow] = useRefresh(refreshSeconds);

  const change = (at: number, part: Partial<PanelState>) =>
    update(panels.map((panel, i) => (i === at ? { ...panel, state: { ...panel.state, ...part } } : panel)));

  return (
    <>
      {panels.map(({ key, state }, i) => (
        <QueryPanel key={key} panel={state} run={state.endMs === null ? tick : 0} only={panels.length === 1}
          onChange={(part) => change(i, part)}
          onDuplicate={() => update([...panels.slice(0, i + 1), keyed({ ...state }), ...panels.slice(i + 1)])}
          onRemove={() => update(panels.filter((_, at) => at !== i))} />
      ))}
      <div class="page-foot">
        <button type="button" class="button" onClick={() => update([...panels, keyed(newPanel())])}>
          <PlusIcon /> Add panel
        </button>
        <span class="picker">
          <button type="button" class="button" aria-label="Refresh now" title="Refresh now" onClick={refreshNow}>
            <RefreshIcon />
          </button>
          <select class="input" aria-label="Auto refresh" title="Auto refresh" value={refreshSeconds}
            onChange={(event) => changeSettings({ refreshSeconds: Number(event.currentTarget.value) })}>
            {refreshChoices.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0 ? 'No auto refresh' : `Every ${formatDuration(seconds * 1000)}`}
              </option>
            ))}
          </select>
        </span>
      </div>
    </>
  );
}

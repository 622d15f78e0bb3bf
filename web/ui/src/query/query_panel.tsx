// One panel: editor, table or graph of its result, and the pickers that belong to it.
import { useRef, useState } from 'preact/hooks';
import { remember } from '../base/settings';
import { type EditorHandle, ExpressionEditor } from '../editor/expression_editor';
import { formatDuration } from '../format/duration';
import { counted } from '../format/number';
import { CloseIcon, CopyIcon, DownloadIcon, HistoryIcon, SearchIcon } from '../parts/icons';
import { Segmented } from '../parts/segmented';
import { Toggle } from '../parts/toggle';
import { Empty, Failure, Loading, Notices } from '../parts/states';
import { save, toCsv } from './download';
import { ExplainView } from './explain_view';
import { GraphView } from './graph_view';
import { HistoryDialog } from './history_dialog';
import { LivePlan, LiveProgress } from './live_progress';
import { MetricsExplorer } from './metrics_explorer';
import type { Mode, PanelState, Tab } from './panel_state';
import { TableView } from './table_view';
import { EndPicker, RangePicker, ResolutionPicker } from './time_controls';
import { type QueryAnswer, type QueryRun, useQuery } from './use_query';

interface Props {
  panel: PanelState;
  run: number; // a new number asks again
  only: boolean;
  onChange: (change: Partial<PanelState>) => void;
  onDuplicate: () => void;
  onRemove: () => void;
}

const tabs: { value: Tab; text: string }[] = [
  { value: 'table', text: 'Table' }, { value: 'graph', text: 'Graph' },
  { value: 'explain', text: 'Explain' },
];

const modes: { value: Mode; text: string }[] = [
  { value: 'lines', text: 'Lines' }, { value: 'stacked', text: 'Stacked' }, { value: 'heatmap', text: 'Heat map' },
];

function summary(answer: QueryAnswer, tab: Tab): string {
  const { data, milliseconds, stepMs } = answer;
  const size = Array.isArray(data.result) && (data.resultType === 'vector' || data.resultType === 'matrix')
    ? counted(data.result.length, 'series', 'series') : data.resultType;
  const parts = [size, `${Math.round(milliseconds)} ms`];
  if (tab !== 'table') parts.push(`step ${formatDuration(stepMs)}`);
  return parts.join(' · ');
}

function Downloads({ answer }: { answer: QueryAnswer }) {
  const name = `hearth-${new Date(answer.endMs).toISOString().slice(0, 19).replace(/:/g, '')}`;
  return (
    <details class="menu" onFocusOut={(event) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) event.currentTarget.open = false;
    }}>
      <summary class="button ghost" aria-label="Download" title="Download"><DownloadIcon /></summary>
      <div class="menu-list">
        <button type="button" onClick={() => save(`${name}.csv`, 'text/csv', toCsv(answer.data))}>CSV</button>
        <button type="button"
          onClick={() => save(`${name}.json`, 'application/json', JSON.stringify(answer.data, null, 1))}>
          JSON
        </button>
      </div>
    </details>
  );
}

interface BodyProps {
  query: QueryRun;
  panel: PanelState;
  onChange: (change: Partial<PanelState>) => void;
  onRetry: () => void;
}

function PanelBody({ query, panel, onChange, onRetry }: BodyProps) {
  const { answer, error, loading } = query;
  if (error !== null) return <Failure error={error} retry={error.kind === 'bad_data' ? undefined : onRetry} />;
  if (answer === null) {
    if (loading) {
      return (
        <>
          <LiveProgress expr={panel.expr} onStop={query.cancel} />
          {panel.tab === 'explain' ? <LivePlan expr={panel.expr}><Loading /></LivePlan> : <Loading />}
        </>
      );
    }
    return (
      <Empty title="Ask something">
        <p>Type an expression above and press <kbd>Enter</kbd>. Not sure what there is? Open the metrics
          explorer with the magnifier.</p>
      </Empty>
    );
  }
  return (
    <>
      <Notices warnings={answer.warnings} infos={answer.infos} />
      {panel.tab === 'graph' && <GraphView answer={answer} panel={panel} onChange={onChange} />}
      {panel.tab === 'table' && <TableView data={answer.data} />}
      {panel.tab === 'explain' && (loading
        ? <LivePlan expr={panel.expr}><ExplainView answer={answer} /></LivePlan>
        : <ExplainView answer={answer} />)}
    </>
  );
}

export function QueryPanel({ panel, run, only, onChange, onDuplicate, onRemove }: Props) {
  const editor = useRef<EditorHandle | null>(null);
  const [again, setAgain] = useState(0);
  const [dialog, setDialog] = useState<'none' | 'history' | 'metrics'>('none');
  const table = useQuery(panel, 'table', run + again);
  const graph = useQuery(panel, 'graph', run + again);
  const explained = useQuery(panel, 'explain', run + again);
  const query = { graph, table, explain: explained }[panel.tab];

  const execute = (text: string) => {
    remember(text);
    if (text === panel.expr) setAgain(again + 1);
    else onChange({ expr: text });
  };
  const choose = (action: (handle: EditorHandle) => void) => {
    setDialog('none');
    // After the dialog gave the focus back to its button.
    requestAnimationFrame(() => {
      if (editor.current === null) return;
      action(editor.current);
      editor.current.focus();
    });
  };

  return (
    <section class="card panel" aria-label={panel.expr === '' ? 'Empty query' : `Query ${panel.expr}`}>
      <div class="expression">
        <ExpressionEditor text={panel.expr} onExecute={execute}
          onReady={(handle) => {
            editor.current = handle;
          }} />
        <div class="expression-buttons">
          <button type="button" class="button ghost" aria-label="Saved and recent" title="Saved and recent"
            onClick={() => setDialog('history')}>
            <HistoryIcon />
          </button>
          <button type="button" class="button ghost" aria-label="Metrics explorer" title="Metrics explorer"
            onClick={() => setDialog('metrics')}>
            <SearchIcon />
          </button>
          {query.loading && query.answer === null
            ? <button type="button" class="button primary" onClick={query.cancel}>Stop</button>
            : <button type="button" class="button primary"
                onClick={() => editor.current?.execute()}>Execute</button>}
        </div>
      </div>
      <div class="panel-bar">
        <Segmented label="View" value={panel.tab} options={tabs} onChange={(tab) => onChange({ tab })} />
        {panel.tab !== 'table' && <RangePicker panel={panel} onChange={onChange} />}
        <EndPicker panel={panel} onChange={onChange} />
        {panel.tab !== 'table' && <ResolutionPicker panel={panel} onChange={onChange} />}
        {panel.tab === 'graph' && (
          <>
            <Segmented label="Lines" value={panel.mode} options={modes} onChange={(mode) => onChange({ mode })} />
            {panel.mode !== 'heatmap' && (
              <>
                <Toggle on={panel.yMin !== null} title="Let the value axis begin at zero"
                  onChange={(on) => onChange({ yMin: on ? 0 : null })}>From 0</Toggle>
                <Toggle on={panel.exemplars} title="Show exemplars, single events with their trace"
                  onChange={(on) => onChange({ exemplars: on })}>Exemplars</Toggle>
              </>
            )}
          </>
        )}
        <span class="panel-end">
          <span class="panel-summary" aria-live="polite">
            {query.answer !== null && query.error === null ? summary(query.answer, panel.tab) : ''}
          </span>
          <span class="panel-tools">
            {query.answer !== null && <Downloads answer={query.answer} />}
            <button type="button" class="button ghost" aria-label="Duplicate panel" title="Duplicate panel"
              onClick={onDuplicate}>
              <CopyIcon />
            </button>
            {!only && (
              <button type="button" class="button ghost" aria-label="Remove panel" title="Remove panel"
                onClick={onRemove}>
                <CloseIcon />
              </button>
            )}
          </span>
        </span>
      </div>
      <div class={`panel-body tab-${panel.tab} ${query.loading ? 'busy' : ''}`} aria-busy={query.loading}>
        <PanelBody query={query} panel={panel} onChange={onChange} onRetry={() => setAgain(again + 1)} />
      </div>
      {dialog === 'history' && (
        <HistoryDialog onClose={() => setDialog('none')}
          onChoose={(text) => choose((handle) => handle.setText(text))} />
      )}
      {dialog === 'metrics' && (
        <MetricsExplorer onClose={() => setDialog('none')}
          onChoose={(name) => choose((handle) => handle.insert(name))} />
      )}
    </section>
  );
}

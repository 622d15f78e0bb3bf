// What all graphs share: axes in our colours, zoom by dragging, panning with Shift or a finger.
import uPlot from 'uplot';
import type { TimeZone } from '../format/instant';
import { axisNumbers } from '../format/number';

export interface Frame {
  times: number[];
  height: number;
  timeZone: TimeZone;
  numbers?: (ticks: number[]) => string[]; // of the value axis
  binary?: boolean; // whether its ticks are powers of two
}

export interface Moves {
  onZoom?: (startMs: number, endMs: number) => void;
  onPan?: (byMs: number) => void; // to later times when positive
}

const leastAxis = 62; // pixels for the numbers at the left
const plotTop = 12;
const powersOfTwo = Array.from({ length: 62 }, (_, i) => 2 ** i);

// Where something of the plot's own area is inside of the whole.
export function onCanvas(plot: uPlot, left: number, top: number): { left: number; top: number } {
  return { left: left + plot.over.offsetLeft, top: top + plot.over.offsetTop };
}

const axisFormats = (() => {
  const day = '{YYYY}-{MM}-{DD}';
  // [least distance of ticks, text, then how it changes when the year, day or minute does]
  return [
    [3600 * 24 * 365, '{YYYY}', null, null, null, null, null, null, 1],
    [3600 * 24 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
    [3600 * 24, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
    [60, '{HH}:{mm}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
    [1, '{HH}:{mm}:{ss}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
    [0.001, '{HH}:{mm}:{ss}.{fff}', `\n${day}`, null, `\n${day}`, null, null, null, 1],
  ] as uPlot.Axis.Values;
})();

export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Options without series, and with the scale y left to the caller.
export function frameOptions(frame: Frame): Omit<uPlot.Options, 'series' | 'width'> & { scales: uPlot.Scales } {
  const { times, timeZone } = frame;
  const axis = {
    stroke: cssColor('--muted'),
    grid: { stroke: cssColor('--grid'), width: 1 },
    ticks: { stroke: cssColor('--grid'), width: 1, size: 6 },
    font: '12px system-ui, sans-serif',
  };
  const numbers = frame.numbers ?? axisNumbers;
  return {
    height: frame.height,
    tzDate: (seconds) => (timeZone === 'utc'
      ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000)),
    legend: { show: false },
    padding: [plotTop, 20, 0, 0],
    cursor: {
      points: { show: false },
      focus: { prox: -1 },
      drag: { x: true, y: false, setScale: false, dist: 8 },
      // A drag that pans is not one that zooms.
      bind: {
        mousedown: (_plot, _target, handle) => (event) => {
          if (event.button === 0 && !event.shiftKey) handle(event);
          return null;
        },
      },
      x: true,
      y: false,
    },
    focus: { alpha: 0.2 },
    scales: { x: { time: true, range: [times[0], times[times.length - 1]] } },
    axes: [
      { ...axis, space: 76, size: 44, values: axisFormats },
      {
        ...axis,
        incrs: frame.binary === true ? powersOfTwo : undefined,
        size: (_plot, texts) => Math.max(leastAxis, 16 + 6.6 * (texts ?? []).reduce((most, text) => Math.max(most, text.length), 0)),
        values: (_plot, splits) => {
          const shown = splits.filter((tick) => tick !== null);
          const texts = numbers(shown);
          return splits.map((tick) => (tick === null ? '' : texts[shown.indexOf(tick)]));
        },
      },
    ],
  };
}

// While it moves only the picture does: lines are drawn again when the new range has been asked.
function watchPan(plot: uPlot, onPan: (byMs: number) => void): () => void {
  const { over, ctx, bbox } = plot;
  let picture: HTMLCanvasElement | null = null;
  let from = 0;
  let by = 0;
  let queued = 0;
  const draw = () => {
    queued = 0;
    if (picture === null) return;
    const height = ctx.canvas.height - bbox.top;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, height);
    ctx.clip();
    ctx.clearRect(bbox.left, bbox.top, bbox.width, height);
    ctx.drawImage(picture, by * devicePixelRatio, 0);
    ctx.restore();
  };
  const begin = (event: PointerEvent) => {
    if (event.pointerType !== 'touch' && !event.shiftKey && event.button !== 1) return;
    event.stopPropagation();
    event.preventDefault();
    picture = document.createElement('canvas');
    picture.width = ctx.canvas.width;
    picture.height = ctx.canvas.height;
    picture.getContext('2d')!.drawImage(ctx.canvas, 0, 0);
    from = event.clientX;
    by = 0;
    over.setPointerCapture(event.pointerId);
    over.classList.add('panning');
  };
  const move = (event: PointerEvent) => {
    if (picture === null) return;
    by = event.clientX - from;
    if (queued === 0) queued = requestAnimationFrame(draw);
  };
  const end = () => {
    if (picture === null) return;
    picture = null;
    over.classList.remove('panning');
    const seconds = plot.posToVal(0, 'x') - plot.posToVal(by, 'x');
    if (Math.abs(by) >= 4) onPan(seconds * 1000);
    else plot.redraw(false);
  };
  over.addEventListener('pointerdown', begin);
  over.addEventListener('pointermove', move);
  over.addEventListener('pointerup', end);
  over.addEventListener('pointercancel', end);
  return () => cancelAnimationFrame(queued);
}

// Puts a plot into an element and keeps its width; the result takes it away again.
export function mountPlot(
  element: HTMLElement, options: Omit<uPlot.Options, 'width'>, data: uPlot.AlignedData, moves: () => Moves,
): { plot: uPlot; remove: () => void } {
  const hooks: uPlot.Hooks.Arrays = {
    ...options.hooks,
    setSelect: [(plot) => {
      const { left, width } = plot.select;
      if (width < 8) return;
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      moves().onZoom?.(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000);
    }],
  };
  let stopPan = () => {};
  const plot = new uPlot({ ...options, width: element.clientWidth, hooks }, data, element);
  if (moves().onPan !== undefined) stopPan = watchPan(plot, (by) => moves().onPan?.(by));
  const resized = new ResizeObserver(() => {
    const width = element.clientWidth;
    if (width > 0 && plot.width !== width) plot.setSize({ width, height: options.height });
  });
  resized.observe(element);
  const remove = () => {
    resized.disconnect();
    stopPan();
    plot.destroy();
  };
  return { plot, remove };
}

// Starts the page.
import 'uplot/dist/uPlot.min.css';
import './styles/index.css';
import { render } from 'preact';
import { App } from './app';
import { startTheme } from './base/theme';

startTheme();
render(<App />, document.getElementById('app')!);

import type { Problem } from '../config/problem.js';
import type { FileDocument, ValidationDocument } from '../services/config-validate.js';

/** A document in a format for other programs. @param rules every code and what it is in a word */
export function renderReport(
  format: 'json' | 'github' | 'sarif',
  document: ValidationDocument,
  rules: Readonly<Record<string, string>>,
  version: string,
): string {
  if (format === 'json') return JSON.stringify(document, null, 2);
  return format === 'github' ? renderGithub(document) : renderSarif(document, rules, version);
}

/** GitHub's workflow commands: each problem becomes an annotation of its line. */
function renderGithub({ files }: ValidationDocument): string {
  return files
    .flatMap(({ file, problems }) => problems.map((problem) => annotation(file, problem)))
    .join('\n');
}

function annotation(file: string, problem: Problem): string {
  const { severity, line, endLine, column, endColumn, code } = problem;
  const place = { file, line, endLine, col: column, endColumn, title: code };
  const properties = Object.entries(place).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${severity} ${properties.join(',')}::${escapeData(sentence(problem))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** SARIF 2.1.0, which code scanning takes. */
function renderSarif(
  { files }: ValidationDocument,
  rules: Readonly<Record<string, string>>,
  version: string,
): string {
  const ids = [...new Set(files.flatMap(({ problems }) => problems.map(({ code }) => code)))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'llamactl',
            version,
            rules: ids.map((id) => ({ id, shortDescription: { text: rules[id] ?? id } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        artifacts: files.map(({ file }) => ({ location: { uri: uriOf(file) } })),
        results: files.flatMap((file, index) =>
          file.problems.map((problem) => resultOf(file, index, problem, ids)),
        ),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function resultOf({ file }: FileDocument, index: number, problem: Problem, ids: readonly string[]) {
  const { code, severity, line, column, endLine, endColumn, path } = problem;
  const isEmpty = endLine === line && endColumn <= column;
  return {
    ruleId: code,
    ruleIndex: ids.indexOf(code),
    level: severity,
    message: { text: sentence(problem) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file), index },
          region: {
            startLine: line,
            startColumn: column,
            ...(isEmpty ? {} : { endLine, endColumn }),
          },
        },
        ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path }] }),
      },
    ],
  };
}

function uriOf(file: string): string {
  return file === '-' ? 'stdin' : encodeURI(file.replaceAll('\\', '/'));
}

function sentence({ path, message, suggestion }: Problem): string {
  const advice = suggestion === undefined || /did you mean/.test(message) ? '' : ` (${suggestion})`;
  return `${path === '' ? '' : `${path}: `}${message}${advice}`;
}

import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.corrupt',
  type: 'MODEL_NOT_FOUND',
  title: 'the model file is broken, incomplete or not GGUF',
  explanation:
    'The file could be opened, but its content is not a whole GGUF model. Mostly a download stopped early; or the file is a Git LFS pointer or a web page of a few hundred bytes, a `.safetensors` file, or the GGML format from before August 2023.',
  causes: [
    'the download was cut off, or is still running',
    'a Git LFS pointer or an HTML page was saved instead of the model',
    'the old GGML format (`.bin`, ggmlv3), or safetensors, which need conversion',
    'the path is a folder, not the file in it',
    'the disk is full or faulty',
  ],
  remedies: [
    {
      text: 'Check size and first bytes: a model begins with GGUF and has the size that its page shows',
      commands: ['ls -l {model}', 'head -c 4 {model}; echo'],
    },
    {
      text: 'Fetch it again, and compare the checksum',
      commands: ['sha256sum {model}', 'hf download USER/REPO FILE.gguf --local-dir .'],
    },
    {
      text: 'Let llama-server fetch it: it continues cut downloads and checks them',
      commands: ['llama-server -hf USER/REPO:Q4_K_M --port {port}'],
    },
    {
      text: 'Convert what is not GGUF',
      commands: ['python convert_hf_to_gguf.py /path/to/model --outfile model.gguf'],
    },
  ],
  diagnostics: {
    any: ['gguf-dump --no-tensors {model}'],
    linux: ['file {model}', 'df -h .'],
    darwin: ['file {model}', 'df -h .'],
    win32: ['powershell Format-Hex {model} -Count 16'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md',
  rules: [
    {
      pattern:
        /invalid ?magic|magic (?:is )?(?:invalid|mismatch|wrong)|bad ?magic|wrong magic|unknown magic|failed to read magic|not a (?:valid )?gguf|invalid gguf|invalid file magic|gguf.{0,40}(?:truncated|malformed)|unable to read GGUF header|not a valid model file/i,
      rank: 84,
    },
    {
      pattern:
        /not within (?:the )?file bounds|corrupted or incomplete|corrupted model|model is corrupt|file is corrupt|is truncated|checksum mismatch|sha256 mismatch|digest mismatch/i,
      rank: 86,
    },
    {
      pattern:
        /unexpectedly reached end of file|unexpected end of file(?! from server)|read error: (?:unexpected|success|input\/output)|failed to read (?:key.value pairs|tensor (?:info|data)|header)|tensor .{1,120} has (?:invalid data|invalid ggml type|offset)|found tensors with invalid data|GGUF data section/i,
      rank: 80,
    },
    {
      pattern:
        /is this really a GGML file|unknown \(magic, version\)|invalid model file|file is not a GGML|bad GGUF version|GGUFv1 is no longer supported|mismatch between the host and model endianness|GGUF file version .{0,40}extremely large/i,
      rank: 78,
    },
    {
      pattern:
        /string length .{1,60} exceeds (?:maximum|remaining file)|number of tensors is .{1,40}but must be|encountered length_error|tensor .{1,120} is duplicated|duplicate (?:key|tensor name)|number of key value pairs is|alignment \d+ is not a power of|has invalid number of (?:dimensions|elements)|may cause overflow errors|not a multiple of block size|failed to seek to|size overflow|overflows the file|has wrong size in model|validate_row_data: found|found \d+ (?:NaNs|infinities)/i,
      rank: 78,
    },
    {
      pattern: /version https:\/\/git-lfs\.github\.com|safetensors.{0,60}(?:not supported|is not gguf)/i,
      rank: 78,
    },
    {
      pattern:
        /(?:wrong number of tensors|done_getting_tensors.{0,60}expected|missing tensor '|tensors? expected but|unknown tensor '.{0,120} in model file|is missing from (?:the )?(?:model|file|checkpoint)|tensor .{1,80} not found|cannot find tokenizer (?:vocab|merges)|key \S{1,120} has wrong (?:type|array)|(?:found|expected) scalar, found array)/i,
      rank: 62,
    },
  ],
};

import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.missing-library',
  type: 'CONNECTION_ERROR',
  title: 'a shared library that the program needs is not found',
  explanation:
    'The binary was started, and the loader did not find a library that belongs to it (libllama, libggml), to the GPU runtime (CUDA, ROCm, Vulkan), or found one that is too old (glibc, libstdc++). It happens before any option is read.',
  causes: [
    'the binary was moved or copied without the libraries beside it',
    'the CUDA or ROCm runtime of that version is not installed',
    'the system is older than the one the binary was built on',
    'the Visual C++ runtime is missing on Windows',
  ],
  remedies: [
    { text: 'See which ones are missing', commands: ['ldd "$(command -v llama-server)" | grep "not found"'] },
    {
      text: 'Tell the loader where they lie',
      commands: ['export LD_LIBRARY_PATH=/path/to/llama.cpp/build/bin:$LD_LIBRARY_PATH'],
    },
    {
      text: 'Install the runtime it names, or build without shared libraries',
      commands: [
        'sudo apt-get install libgomp1 libcurl4',
        'cmake -B build -DBUILD_SHARED_LIBS=OFF && cmake --build build --config Release -j',
      ],
    },
    {
      text: 'On Windows, install the Visual C++ runtime, and put the cudart archive of the same release beside the program',
      commands: ['winget install Microsoft.VCRedist.2015+.x64'],
    },
    {
      text: 'Or take the container image, which has all it needs',
      commands: [
        'docker run -v /path/to/models:/models -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf',
      ],
    },
  ],
  diagnostics: {
    linux: ['ldd "$(command -v llama-server)"', 'ldconfig -p | grep -E "ggml|llama|cuda"'],
    darwin: ['otool -L "$(command -v llama-server)"'],
    win32: ['where llama-server', 'where cudart64_12.dll vcruntime140.dll'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md',
  rules: [
    {
      pattern:
        /error while loading shared libraries|cannot open shared object file|shared object file: No such file|Library not loaded|image not found|symbol lookup error|undefined symbol|Symbol not found: |dyld\[?\d*\]?: /i,
      excludes: [/libnvidia-ml|nvidia-container-cli|libcuda\.so\.1/i],
      rank: 92,
    },
    {
      pattern:
        /DLL load failed|DllNotFoundException|UnsatisfiedLinkError|native library cannot be (?:correctly )?loaded|\.dll was not found|\.dll is missing|\.dll.{0,40}(?:could not be found|not found)|cannot proceed because .{1,80}\.dll|0xC0000135|3221225781|The specified (?:module|procedure) could not be found|Could not find module .{1,200}\.dll/i,
      rank: 92,
    },
    {
      pattern:
        /version .{0,3}(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+.{0,4} not found|failed to load shared library|Shared library with base name|failed to load the backend library|libggml\S{0,40} (?:not found|missing)|cannot load library|OSError: .{0,200}\.so\b/i,
      rank: 92,
    },
    {
      pattern:
        /load_backend: failed to load (?!.{0,300}(?:libcuda|nvcuda|libhip|libvulkan))|no CPU backend found|no backends? (?:are )?loaded|backend not found|failed to initialize CPU backend|incompatible API version|undefined reference to/i,
      excludes: [/find ggml_backend_init/i],
      rank: 60,
    },
  ],
};

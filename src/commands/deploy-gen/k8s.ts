import { boolean, string } from '@oclif/core/flags';
import { splitAtDashes } from '../../cli/split-at-dashes.js';
import { type DeployDocument, DeployGen } from './deploy-gen.js';

export default class Kubernetes extends DeployGen {
  static override summary = 'Write Kubernetes manifests for a model.';
  static override description =
    'Reads the GGUF header, computes the memory, and writes what starts, survives and is safe the first time: probes that outlast loading, a drain before every stop, requests and limits from the sizing, the restricted security context, a network policy. More only where a flag asks for it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M | kubectl apply -f -',
    '<%= config.bin %> <%= command.id %> --model ./qwen3-4b-q4_k_m.gguf --backend cuda --gpu-memory 24GiB --output deploy',
    '<%= config.bin %> <%= command.id %> --helm --model hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M --output chart',
    '<%= config.bin %> <%= command.id %> --values llama.yaml --output deploy --diff',
    '<%= config.bin %> <%= command.id %> --values llama.yaml --overlay prod=prod.yaml --overlay test=test.yaml --output deploy',
    '<%= config.bin %> <%= command.id %> --from-server http://gpu1:8080 --backend cuda --explain',
  ];
  static override flags = {
    ...DeployGen.flags,
    helm: boolean({
      description: 'write a Helm chart of the same objects, with a schema for its values',
      exclusive: ['overlay'],
    }),
    overlay: string({
      description: 'write a Kustomize base and this overlay: a name, and a values file with what differs',
      helpValue: 'NAME=FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  async run(): Promise<DeployDocument> {
    const [own, extra] = splitAtDashes(this.argv);
    const { flags } = await this.parse(Kubernetes, own);
    return this.write(flags.helm ? 'helm' : 'k8s', flags, extra, flags.overlay);
  }
}

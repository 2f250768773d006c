import { splitAtDashes } from '../../cli/split-at-dashes.js';
import { type DeployDocument, DeployGen } from './deploy-gen.js';

export default class DockerCompose extends DeployGen {
  static override summary = 'Write a Docker Compose project for a model.';
  static override description =
    'Reads the GGUF header, computes the memory, and writes what starts, survives and is safe the first time: the right image, a health check that fits, limits from the sizing, a container without privileges, on loopback only. --replicas adds a load balancer, --monitoring Prometheus and Grafana.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --model ./qwen3-4b-q4_k_m.gguf > compose.yaml',
    '<%= config.bin %> <%= command.id %> --model hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M --api-key-secret llama-key --output deploy',
    '<%= config.bin %> <%= command.id %> --model ./model.gguf --backend cuda --gpu-memory 24GiB --replicas 2 --monitoring --output deploy',
  ];

  async run(): Promise<DeployDocument> {
    const [own, extra] = splitAtDashes(this.argv);
    const { flags } = await this.parse(DockerCompose, own);
    return this.write('docker-compose', flags, extra);
  }
}

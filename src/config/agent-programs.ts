/** What is known of a program that works as an agent. Data: a further program is a further entry. */
export interface AgentProgram {
  /** As it is called on a command line, and its packages for npx and the like; the first is its name. */
  readonly names: readonly string[]
  /** Variables with keys of the model providers that it can use; an entry may end in `*`. */
  readonly keys: readonly string[]
  /** Files and directories below HOME in which its login and its settings are. */
  readonly home: readonly string[]
  /** Where that was taken from. */
  readonly source: string
}

const ANTHROPIC = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'AWS_BEARER_TOKEN_BEDROCK']
const OPENAI = ['OPENAI_API_KEY', 'AZURE_OPENAI_API_KEY']
const GOOGLE = ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY']
/** For programs that work with any provider. */
const MANY = [
  ...[
    ...ANTHROPIC,
    'ANTHROPIC_OAUTH_TOKEN',
    ...OPENAI,
    ...GOOGLE,
    'OPENROUTER_API_KEY',
    'AI_GATEWAY_API_KEY',
  ],
  ...[
    'AZURE_API_KEY',
    'MISTRAL_API_KEY',
    'GROQ_API_KEY',
    'DEEPSEEK_API_KEY',
    'XAI_API_KEY',
    'CEREBRAS_API_KEY',
  ],
  ...['FIREWORKS_API_KEY', 'TOGETHER_API_KEY', 'MOONSHOT_API_KEY', 'KIMI_API_KEY', 'ZAI_API_KEY'],
  ...['DASHSCOPE_API_KEY', 'MINIMAX_API_KEY', 'HF_TOKEN', 'OLLAMA_API_KEY'],
]

export const AGENT_PROGRAMS: readonly AgentProgram[] = [
  {
    names: [
      ...['claude', '@anthropic-ai/claude-code', 'claude-agent-acp', 'claude-code-acp'],
      ...['@zed-industries/claude-agent-acp', '@zed-industries/claude-code-acp'],
    ],
    keys: [...ANTHROPIC, 'CLAUDE_CODE_OAUTH_TOKEN'],
    home: [
      ...[
        '.claude.json',
        '.claude/.credentials.json',
        '.claude/settings.json',
        '.claude/settings.local.json',
      ],
      ...['.claude/CLAUDE.md', '.claude/agents', '.claude/commands', '.claude/skills'],
    ],
    source: 'https://code.claude.com/docs/en/settings, https://code.claude.com/docs/en/authentication',
  },
  {
    names: ['codex', '@openai/codex', 'codex-acp', '@zed-industries/codex-acp'],
    keys: [...OPENAI, 'CODEX_API_KEY'],
    home: ['.codex/auth.json', '.codex/config.toml', '.codex/AGENTS.md', '.codex/prompts'],
    source: 'https://developers.openai.com/codex/auth, https://developers.openai.com/codex/config-reference',
  },
  {
    names: ['gemini', '@google/gemini-cli'],
    keys: GOOGLE,
    home: [
      ...['.gemini/oauth_creds.json', '.gemini/google_accounts.json', '.gemini/settings.json'],
      ...['.gemini/installation_id', '.gemini/GEMINI.md', '.gemini/.env'],
    ],
    source: 'https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/config/storage.ts',
  },
  {
    names: ['qwen', '@qwen-code/qwen-code'],
    keys: [...OPENAI, 'DASHSCOPE_API_KEY', 'BAILIAN_CODING_PLAN_API_KEY', 'QWEN_*'],
    home: ['.qwen/oauth_creds.json', '.qwen/settings.json', '.qwen/QWEN.md', '.qwen/.env'],
    source: 'https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings',
  },
  {
    names: ['opencode', 'opencode-ai'],
    keys: [...MANY, 'OPENCODE_API_KEY'],
    home: [
      ...[
        '.local/share/opencode/auth.json',
        '.config/opencode/opencode.json',
        '.config/opencode/opencode.jsonc',
      ],
      ...['.config/opencode/config.json', '.config/opencode/AGENTS.md', '.config/opencode/agent'],
      ...['.config/opencode/agents', '.config/opencode/command', '.config/opencode/commands'],
    ],
    source: 'https://opencode.ai/docs/config/, https://opencode.ai/docs/providers/',
  },
  {
    names: ['pi', '@mariozechner/pi-coding-agent', '@earendil-works/pi-coding-agent'],
    keys: MANY,
    home: [
      ...['.pi/agent/auth.json', '.pi/agent/settings.json', '.pi/agent/models.json', '.pi/agent/mcp.json'],
      '.pi/agent/AGENTS.md',
    ],
    source: 'https://github.com/earendil-works/pi/blob/main/packages/coding-agent/docs/configuration.md',
  },
  {
    // Its fall-backs GH_TOKEN and GITHUB_TOKEN open far more than a model.
    names: ['copilot', '@github/copilot'],
    keys: ['COPILOT_GITHUB_TOKEN'],
    home: [
      ...['.copilot/config.json', '.copilot/settings.json', '.copilot/mcp-config.json'],
      '.copilot/copilot-instructions.md',
    ],
    source: 'https://docs.github.com/en/copilot/reference/copilot-cli-reference',
  },
  {
    names: ['aider', 'aider-chat'],
    keys: [...MANY, 'AIDER_*'],
    home: [
      '.aider.conf.yml',
      '.aider.model.settings.yml',
      '.aider.model.metadata.json',
      '.aider/oauth-keys.env',
    ],
    source: 'https://aider.chat/docs/config/aider_conf.html',
  },
  {
    names: ['goose'],
    keys: [...MANY, 'DATABRICKS_TOKEN'],
    home: ['.config/goose/config.yaml', '.config/goose/secrets.yaml', '.config/goose/permission.yaml'],
    source: 'https://block.github.io/goose/docs/guides/config-files',
  },
  {
    names: ['amp', '@sourcegraph/amp'],
    keys: ['AMP_API_KEY'],
    home: ['.local/share/amp/secrets.json', '.config/amp/settings.json', '.config/amp/AGENTS.md'],
    source: 'https://ampcode.com/manual, https://github.com/slashtechno/amped',
  },
  {
    names: ['cursor-agent'],
    keys: ['CURSOR_API_KEY', 'CURSOR_AUTH_TOKEN'],
    home: [
      '.cursor/cli-config.json',
      '.cursor/mcp.json',
      '.config/cursor/auth.json',
      '.config/cursor/cli-config.json',
    ],
    source: 'https://cursor.com/docs/cli/reference/configuration.md',
  },
]

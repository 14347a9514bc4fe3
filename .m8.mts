import { fromMarkdown } from 'mdast-util-from-markdown'
const off=['attention','labelStartLink','labelStartImage','labelEnd','codeText','htmlText','autolink','characterEscape','characterReference','hardBreakEscape','definition']
fromMarkdown('- a\n  - b\n    - c\n\n'.repeat(3000),{extensions:[{disable:{null:off}}]})

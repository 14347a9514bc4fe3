import { walledLane } from './test/fixtures/walled-lane.ts'
import { importCollected } from './src/host/git/import.ts'
import cp from 'node:child_process'
Object.assign(process.env, { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/work/main/test/fixtures/gitconfig', LC_ALL: 'C' })
if (process.env.TRACE) { const o=(cp.ChildProcess.prototype as any).spawn; (cp.ChildProcess.prototype as any).spawn=function(opt:any){const a=performance.now();const r=o.call(this,opt);console.log('  spawn',(performance.now()-t0).toFixed(1),'+',(performance.now()-a).toFixed(1),opt.file,opt.args.filter((x:string)=>!x.startsWith('-')&&!x.includes('/')).slice(0,8).join(' ').slice(0,60));this.on('exit',()=>console.log('  exit ',(performance.now()-t0).toFixed(1),opt.args.slice(-2).join(' ').slice(0,50)));return r}}
let t0=0
const files = Object.fromEntries(Array.from({length:500},(_,i)=>[`d${i%20}/f${i}`,`x${i}\n`]))
using lane = await walledLane(files)
for (let i=0;i<(process.env.TRACE?3:12);i++){
  lane.inside(`echo ${i} > n${i}; git add n${i}; git commit -qm x${i}`)
  const a=performance.now(); t0=a; const c=await lane.collect(); const b=performance.now()
  if(process.env.TRACE) console.log('collected',(b-a).toFixed(1))
  await importCollected({commonDir:lane.repository.gitDir, collected:c, refPrefix:`refs/worklane/1/${i}`, known:[lane.start], limits:{file:1e7}} as any)
  console.log('collect',(b-a).toFixed(1),'import',(performance.now()-b).toFixed(1))
}

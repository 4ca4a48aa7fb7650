//===- Trace.cpp - a run for chrome://tracing and Perfetto ----------------===//
//
// Complete events ("X") in microseconds, with metadata that name the tracks.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"

using namespace hdp;
using namespace hdp::machine;

void machine::printTrace(llvm::raw_ostream &os, const Program &program,
                         const Run &run, MacReading reading) {
  const Schedule &schedule = run.get(reading);
  llvm::json::OStream out(os);
  double microsecond = double(run.config.clock_mhz);
  auto name = [&](const char *what, int64_t pid, int64_t tid,
                  std::string text) {
    out.object([&] {
      out.attribute("name", what);
      out.attribute("ph", "M");
      out.attribute("pid", pid);
      out.attribute("tid", tid);
      out.attributeObject("args", [&] { out.attribute("name", text); });
    });
  };
  out.object([&] {
    out.attribute("displayTimeUnit", "ns");
    out.attributeArray("traceEvents", [&] {
      for (uint64_t core = 0; core < run.config.cores; ++core) {
        name("process_name", int64_t(core), 0, "core " + std::to_string(core));
        for (unsigned queue = 0; queue < numQueues; ++queue)
          name("thread_name", int64_t(core), queue,
               stringify(Queue(queue)).str());
      }
      name("process_name", int64_t(run.config.cores), 0, "all cores");
      name("thread_name", int64_t(run.config.cores), 0, "gate");
      for (size_t i = 0; i < program.commands.size(); ++i) {
        const CommandTime &time = schedule.commands[i];
        size_t queue = queueOf(program.commands[i], run.config);
        std::string text;
        llvm::raw_string_ostream command(text);
        print(command, program.commands[i]);
        out.object([&] {
          out.attribute("name", getInfo(program.commands[i]).mnemonic);
          out.attribute("ph", "X");
          out.attribute("pid", int64_t(queue / numQueues));
          out.attribute("tid", int64_t(queue % numQueues));
          out.attribute("ts", double(time.start) / microsecond);
          out.attribute("dur", double(time.free - time.start) / microsecond);
          out.attributeObject("args", [&] {
            out.attribute("command", int64_t(i));
            out.attribute("text", text);
            out.attribute("results_at_cycle", int64_t(time.end));
            out.attribute("dropped", run.activities[i].isDropped);
          });
        });
      }
    });
  });
  os << "\n";
}

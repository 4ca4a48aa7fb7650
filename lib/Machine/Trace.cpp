//===- Trace.cpp - a run for chrome://tracing and Perfetto ----------------===//
//
// Complete events ("X") in microseconds, with metadata that name the tracks.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"

using namespace hdp;
using namespace hdp::machine;

namespace {
class TraceWriter {
public:
  TraceWriter(llvm::json::OStream &out, const Config &config)
      : out(out), config(config), microsecond(double(config.clock_mhz)) {}

  /// Names all tracks; layers have one if they have names.
  void writeTracks(bool hasLayers) {
    for (uint64_t core = 0; core < config.cores; ++core) {
      name("process_name", int64_t(core), 0, "core " + std::to_string(core));
      for (unsigned queue = 0; queue < numQueues; ++queue)
        name("thread_name", int64_t(core), queue,
             stringify(Queue(queue)).str());
    }
    name("process_name", int64_t(config.cores), 0, "all cores");
    name("thread_name", int64_t(config.cores), 0, "gate");
    if (!hasLayers)
      return;
    name("process_name", layers(), 0, "model");
    name("thread_name", layers(), 0, "attention");
  }

  void writeLayer(const ReportPart &part, uint64_t begin, uint64_t cycles) {
    event(part.name, layers(), 0, begin, cycles, [&] {
      if (!part.location.empty())
        out.attribute("location", part.location);
    });
  }

  void writeCommands(const Program &program, const Run &run, MacReading reading,
                     uint64_t begin, const ReportPart *part) {
    const Schedule &schedule = run.get(reading);
    for (size_t i = 0; i < program.commands.size(); ++i) {
      const CommandTime &time = schedule.commands[i];
      size_t queue = queueOf(program.commands[i], config);
      std::string text;
      llvm::raw_string_ostream command(text);
      print(command, program.commands[i]);
      event(getInfo(program.commands[i]).mnemonic, int64_t(queue / numQueues),
            int64_t(queue % numQueues), begin + time.start,
            time.free - time.start, [&] {
              out.attribute("command", int64_t(i));
              out.attribute("text", text);
              out.attribute("results_at_cycle", int64_t(begin + time.end));
              out.attribute("dropped", run.activities[i].isDropped);
              if (part)
                out.attribute("layer", part->name);
            });
    }
  }

private:
  int64_t layers() const { return int64_t(config.cores) + 1; }

  void name(const char *what, int64_t pid, int64_t tid, std::string text) {
    out.object([&] {
      out.attribute("name", what);
      out.attribute("ph", "M");
      out.attribute("pid", pid);
      out.attribute("tid", tid);
      out.attributeObject("args", [&] { out.attribute("name", text); });
    });
  }

  template <typename Arguments>
  void event(llvm::StringRef name, int64_t pid, int64_t tid, uint64_t start,
             uint64_t length, Arguments arguments) {
    out.object([&] {
      out.attribute("name", name);
      out.attribute("ph", "X");
      out.attribute("pid", pid);
      out.attribute("tid", tid);
      out.attribute("ts", double(start) / microsecond);
      out.attribute("dur", double(length) / microsecond);
      out.attributeObject("args", arguments);
    });
  }

  llvm::json::OStream &out;
  const Config &config;
  double microsecond;
};

template <typename Body>
void writeEvents(llvm::raw_ostream &os, const Config &config, bool hasLayers,
                 Body body) {
  llvm::json::OStream out(os);
  TraceWriter writer(out, config);
  out.object([&] {
    out.attribute("displayTimeUnit", "ns");
    out.attributeArray("traceEvents", [&] {
      writer.writeTracks(hasLayers);
      body(writer);
    });
  });
  os << "\n";
}
} // namespace

void machine::printTrace(llvm::raw_ostream &os, const Program &program,
                         const Run &run, MacReading reading) {
  writeEvents(os, run.config, /*hasLayers=*/false, [&](TraceWriter &writer) {
    writer.writeCommands(program, run, reading, 0, nullptr);
  });
}

void machine::printTrace(llvm::raw_ostream &os,
                         llvm::ArrayRef<ReportPart> parts, MacReading reading) {
  Config config;
  for (const ReportPart &part : parts)
    if (part.launch)
      config = part.launch->run.config;
  writeEvents(os, config, /*hasLayers=*/true, [&](TraceWriter &writer) {
    uint64_t begin = 0;
    for (const ReportPart &part : parts) {
      if (!part.launch)
        continue;
      const Run &run = part.launch->run;
      uint64_t cycles = run.get(reading).cycles;
      writer.writeLayer(part, begin, cycles);
      writer.writeCommands(*part.launch->program, run, reading, begin, &part);
      begin += cycles;
    }
  });
}

//===- Session.h - one call of hdp-bench ------------------------*- C++ -*-===//
//
// What every subcommand is given: the machine, how long to measure, and where
// rows go. Rows are JSON objects; a subcommand says which keys its text table
// shows.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_SESSION_H
#define HDP_TOOLS_HDP_BENCH_SESSION_H

#include "Host.h"
#include "Peaks.h"
#include "RoundRobin.h"
#include "llvm/Support/CommandLine.h"

namespace hdp::bench {

/// A column of the text table.
struct Column {
  llvm::StringRef key;
  llvm::StringRef title;
  /// Digits after the point of numbers.
  int digits = 0;
};

class Session {
public:
  Session(Host host, Effort effort, llvm::StringRef command,
          llvm::raw_ostream &os);

  const Host &getHost() const { return host; }
  const Effort &getEffort() const { return effort; }

  void addRow(llvm::json::Object row);
  /// What this core could do at most; printed.
  void addPeaks(const Peaks &peaks);
  /// A remark that belongs to the figures, e.g. a peer that is absent.
  void addNote(std::string note);

  /// Prints a heading and a table of the rows added since the last call. A row
  /// without a value shows `-`. The first one stands below the machine.
  void printTable(llvm::StringRef heading, llvm::ArrayRef<Column> columns);
  void printNotes();

  llvm::json::Object toJson() const;

private:
  /// The machine, once: in front of the first figure, so not of an error.
  void printHost();

  Host host;
  Effort effort;
  std::string command;
  llvm::raw_ostream &os;
  std::vector<llvm::json::Object> rows;
  std::vector<std::string> notes;
  size_t numPrintedRows = 0;
  bool hasPrintedHost = false;
  std::optional<Peaks> peaks;
};

/// A subcommand: its options stand with its LLVM subcommand, which is what
/// the command line is matched with.
struct Subcommand {
  llvm::cl::SubCommand *command;
  std::function<llvm::Error(Session &)> run;
};

/// Of the options of hdp-bench, which help shows without LLVM's.
llvm::cl::OptionCategory &getCategory();

/// An option of a subcommand that takes several values between commas.
template <typename T> struct ListOption : llvm::cl::list<T> {
  ListOption(llvm::cl::SubCommand &command, llvm::StringRef name,
             llvm::StringRef value, llvm::StringRef description)
      : llvm::cl::list<T>(name, llvm::cl::CommaSeparated,
                          llvm::cl::value_desc(value), llvm::cl::sub(command),
                          llvm::cl::cat(getCategory()),
                          llvm::cl::desc(description)) {}
};

/// --threads of a subcommand.
class ThreadsOption {
public:
  explicit ThreadsOption(llvm::cl::SubCommand &command);
  /// What it asks for, checked: one, then the larger numbers; nothing if it was
  /// not given.
  llvm::Error read(std::vector<unsigned> &threads) const;

private:
  ListOption<unsigned> wanted;
};

Subcommand makeAttentionCommand();
Subcommand makeCompileCommand();
Subcommand makeMachineCommand();
Subcommand makeModelCommand();

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_SESSION_H

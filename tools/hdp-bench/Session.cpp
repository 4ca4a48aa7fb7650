//===- Session.cpp - rows as text and as JSON -----------------------------===//

#include "Session.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

Session::Session(Host host, Effort effort, llvm::StringRef command,
                 llvm::raw_ostream &os)
    : host(std::move(host)), effort(effort), command(command), os(os) {}

void Session::addRow(llvm::json::Object row) { rows.push_back(std::move(row)); }

void Session::addPeaks(const Peaks &measured) {
  peaks = measured;
  printHost();
  os << llvm::format("peaks             %.2f GHz, f32 %.0f GFLOP/s, 8 bits "
                     "%.0f GOP/s (0: not known)\n",
                     1e-9 * measured.clock, 1e-9 * measured.f32,
                     1e-9 * measured.int8);
}

void Session::addNote(std::string note) {
  if (!llvm::is_contained(notes, note))
    notes.push_back(std::move(note));
}

static std::string formatCell(const llvm::json::Value *value, int digits) {
  if (!value || value->getAsNull())
    return "-";
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag ? "yes" : "no";
  std::string text;
  llvm::raw_string_ostream os(text);
  if (std::optional<double> number = value->getAsNumber())
    os << llvm::format("%.*f", digits, *number);
  else if (std::optional<llvm::StringRef> string = value->getAsString())
    os << *string;
  else
    os << *value;
  return text;
}

void Session::printTable(llvm::StringRef heading,
                         llvm::ArrayRef<Column> columns) {
  std::vector<std::vector<std::string>> cells(1);
  for (const Column &column : columns)
    cells[0].push_back(column.title.str());
  for (; numPrintedRows < rows.size(); ++numPrintedRows) {
    cells.emplace_back();
    for (const Column &column : columns)
      cells.back().push_back(
          formatCell(rows[numPrintedRows].get(column.key), column.digits));
  }
  std::vector<size_t> widths(columns.size(), 0);
  for (const auto &row : cells)
    for (auto [index, cell] : llvm::enumerate(row))
      widths[index] = std::max(widths[index], cell.size());
  printHost();
  os << "\n" << heading << "\n";
  for (const auto &row : cells) {
    std::string line;
    for (auto [index, cell] : llvm::enumerate(row)) {
      std::string space(widths[index] - cell.size(), ' ');
      line += index == 0 ? cell + space : "  " + space + cell;
    }
    os << llvm::StringRef(line).rtrim() << "\n";
  }
  os.flush();
}

void Session::printHost() {
  if (std::exchange(hasPrintedHost, true))
    return;
  os << "processor         " << host.processor << "\n"
     << "instruction sets  " << llvm::join(host.instructionSets, " ") << "\n"
     << "core              ";
  if (host.core)
    os << *host.core << ", pinned";
  else
    os << "not pinned";
  os << "; load average " << llvm::format("%.1f", host.load) << " on "
     << host.cores << " cores\n";
}

void Session::printNotes() {
  for (const std::string &note : notes)
    os << "note: " << note << "\n";
}

ThreadsOption::ThreadsOption(llvm::cl::SubCommand &command)
    : wanted(command, "threads", "N",
             "ours also with so many threads, timed by the clock on all cores "
             "(1,2: against one)") {}

llvm::Error ThreadsOption::read(std::vector<unsigned> &threads) const {
  if (!wanted.empty())
    threads.push_back(1);
  for (unsigned number : wanted) {
    if (number == 0 || number > 256)
      return makeError("--threads: expected from 1 to 256, found " +
                       llvm::Twine(number));
    if (number > 1)
      threads.push_back(number);
  }
  return llvm::Error::success();
}

llvm::json::Object Session::toJson() const {
  llvm::json::Array array;
  for (const llvm::json::Object &row : rows)
    array.push_back(llvm::json::Object(row));
  llvm::json::Object object{{"command", command},
                            {"host", bench::toJson(host)},
                            {"notes", llvm::json::Array(notes)},
                            {"rows", std::move(array)}};
  if (peaks)
    object["peaks"] = llvm::json::Object{
        {"f32", peaks->f32}, {"int8", peaks->int8}, {"clock", peaks->clock}};
  return object;
}

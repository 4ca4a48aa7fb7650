//===- CommandStream.cpp - hdpa ops and streams, side by side -------------===//
//
// Export asks ops for the machine library's structs, import makes ops of them;
// bytes are the library's business.
//
//===----------------------------------------------------------------------===//

#include "hdp/Target/CommandStream.h"
#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Machine/Access.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::machine;

//===----------------------------------------------------------------------===//
// Ops to bytes
//===----------------------------------------------------------------------===//

/// The program that `root` is or holds; with a name, the one that has it.
static FailureOr<hdpa::ProgramOp> findProgram(Operation *root, StringRef name) {
  if (auto program = dyn_cast<hdpa::ProgramOp>(root))
    return program;
  SmallVector<hdpa::ProgramOp> found;
  std::string names;
  for (Region &region : root->getRegions())
    for (Operation &op : region.getOps()) {
      if (isa<FunctionOpInterface>(op))
        continue; // host code
      auto program = dyn_cast<hdpa::ProgramOp>(op);
      if (!program)
        return op.emitError("expected nothing but an hdpa.program, found '")
               << op.getName() << "', which has no encoding";
      if (name.empty() && !found.empty())
        return op.emitError("expected one program in a stream, found another; "
                            "--hdpa-program chooses one");
      names += (names.empty() ? "@" : ", @") + program.getSymName().str();
      if (name.empty() || program.getSymName() == name)
        found.push_back(program);
    }
  if (!found.empty())
    return found.front();
  if (name.empty() || names.empty())
    return mlir::emitError(root->getLoc(),
                           "expected an hdpa.program, found none");
  return mlir::emitError(root->getLoc(), "expected a program @")
         << name << ", found " << names;
}

LogicalResult hdp::exportCommandStream(Operation *root, raw_ostream &os,
                                       StringRef name) {
  FailureOr<hdpa::ProgramOp> op = findProgram(root, name);
  if (failed(op))
    return failure();
  FailureOr<Program> program = op->toProgram();
  if (failed(program))
    return failure();
  SmallVector<char, 0> bytes = writeStream(*program);
  os.write(bytes.data(), bytes.size());
  return success();
}

//===----------------------------------------------------------------------===//
// Bytes to ops
//===----------------------------------------------------------------------===//

namespace {

/// Where things are in a stream that the library has read: sections follow its
/// table, which starts at byte 32 with 16 bytes an entry.
class Offsets {
public:
  explicit Offsets(StringRef bytes) : bytes(bytes) {}
  uint64_t ofParameter(size_t i) const { return section(1) + 8 + 12 * i; }
  uint64_t ofCommands() const { return section(5) + 4; }

private:
  uint64_t section(unsigned kind) const {
    return llvm::support::endian::read32le(bytes.data() + 32 + 16 * kind + 4);
  }
  StringRef bytes;
};

} // namespace

/// The machine of a program, or what is wrong with it and where.
static Config makeConfig(const Program &program, const Offsets &offsets,
                         function_ref<void(uint64_t, const Twine &)> fail) {
  Config config;
  std::vector<ArchValue> arch = getArch(config);
  for (size_t i = 0; i < std::max(arch.size(), program.arch.size()); ++i)
    if (i >= arch.size() || i >= program.arch.size() ||
        arch[i].name != program.arch[i].name) {
      fail(offsets.ofParameter(i),
           "expected machine parameter " +
               (i < arch.size() ? arch[i].name : "none") + ", found " +
               (i < program.arch.size() ? program.arch[i].name : "none"));
      return config;
    }
  size_t next = 0;
  for (size_t i = 0; i < getParams().size(); ++i)
    if (getParams()[i].kind == ParamClass::ARCH)
      config.get(i) = program.arch[next++].value;
  if (llvm::Error error = checkConfig(config))
    fail(offsets.ofParameter(0), llvm::toString(std::move(error)));
  return config;
}

OwningOpRef<ModuleOp> hdp::importCommandStream(StringRef bytes, StringRef file,
                                               MLIRContext *context) {
  context->loadDialect<hdpa::HDPADialect>();
  Location loc = FileLineColLoc::get(context, file, 0, 0);
  llvm::Expected<Program> program =
      readStream(ArrayRef(bytes.data(), bytes.size()), file);
  if (!program) {
    std::string message = llvm::toString(program.takeError());
    StringRef reason = message;
    reason.consume_front((file + ": ").str()); // the location has it
    emitError(loc) << reason;
    return nullptr;
  }
  bool isGood = true;
  auto fail = [&](uint64_t offset, const Twine &reason) {
    emitError(loc) << "byte " << offset << ": " << reason;
    isGood = false;
  };
  Offsets offsets(bytes);
  Config config = makeConfig(*program, offsets, fail);
  if (!isGood)
    return nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  uint64_t offset = offsets.ofCommands();
  for (const Command &command : program->commands) {
    if (std::optional<std::string> problem =
            checkCommand(*program, command, config)) {
      fail(offset, getInfo(command).mnemonic + ": " + *problem);
      return nullptr;
    }
    offset += llvm::support::endian::read16le(bytes.data() + offset + 2);
  }
  std::string name = program->name.empty() ? "program" : program->name;
  hdpa::createProgram(builder, loc, name, {{}, std::move(*program)},
                      hdpa::MachineAttr::get(context, config));
  return module;
}

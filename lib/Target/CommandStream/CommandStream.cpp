//===- CommandStream.cpp - hdpa ops and streams, side by side -------------===//
//
// Export asks ops for the machine library's structs, import makes ops of them;
// bytes are the library's business.
//
//===----------------------------------------------------------------------===//

#include "hdp/Target/CommandStream.h"
#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "hdp/Machine/Access.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::machine;

//===----------------------------------------------------------------------===//
// Ops to bytes
//===----------------------------------------------------------------------===//

/// The program that `root` is or holds.
static FailureOr<hdpa::ProgramOp> findProgram(Operation *root) {
  if (auto program = dyn_cast<hdpa::ProgramOp>(root))
    return program;
  hdpa::ProgramOp found;
  for (Region &region : root->getRegions())
    for (Operation &op : region.getOps()) {
      auto program = dyn_cast<hdpa::ProgramOp>(op);
      if (!program)
        return op.emitError("expected nothing but an hdpa.program, found '")
               << op.getName() << "', which has no encoding";
      if (found)
        return op.emitError("expected one program in a stream, found another");
      found = program;
    }
  if (!found)
    return root->emitError("expected an hdpa.program, found none");
  return found;
}

LogicalResult hdp::exportCommandStream(Operation *root, raw_ostream &os) {
  FailureOr<hdpa::ProgramOp> op = findProgram(root);
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
  uint64_t ofParameter(size_t i) const { return section(1) + 4 + 12 * i; }
  uint64_t ofCommands() const { return section(4) + 4; }

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

static void buildSite(OpBuilder &builder, Location loc, const Site &site) {
  hdpa::SiteOp::create(
      builder, loc, PolicyAttr::get(builder.getContext(), site.policy),
      APFloat(site.scale), site.Hq, site.Hkv, site.Lq, site.Lk, site.d, site.dv,
      site.causal, site.hasMask, site.hasBias, site.dense);
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
  auto op = hdpa::ProgramOp::create(builder, loc, "program",
                                    hdpa::MachineAttr::get(context, config));
  builder.createBlock(&op.getBody());
  for (const Site &site : program->sites)
    buildSite(builder, loc, site);
  for (const Symbol &symbol : program->symbols)
    hdpa::SymbolOp::create(builder, loc, symbol.direction == Symbol::Output,
                           symbol.name, symbol.bits, symbol.rows,
                           symbol.columns, symbol.address);
  uint64_t offset = offsets.ofCommands();
  for (const Command &command : program->commands) {
    if (std::optional<std::string> problem =
            checkCommand(*program, command, config)) {
      fail(offset, getInfo(command).mnemonic + ": " + *problem);
      return nullptr;
    }
    hdpa::createCommand(builder, loc, command);
    offset += llvm::support::endian::read16le(bytes.data() + offset + 2);
  }
  return module;
}

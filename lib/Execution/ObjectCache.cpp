//===- ObjectCache.cpp - keys, files, checks ------------------------------===//
//
// A file is a line that says what it is, the SHA-1 of the object in hexadecimal
// on a second, and the object.
//
//===----------------------------------------------------------------------===//

#include "ObjectCache.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA1.h"
#include "llvm/Target/TargetMachine.h"

using namespace hdp;

static constexpr llvm::StringLiteral kMagic = "hdp object 1\n";

static std::string hash(llvm::StringRef bytes) {
  return llvm::toHex(llvm::SHA1::hash(llvm::arrayRefFromStringRef(bytes)),
                     /*LowerCase=*/true);
}

std::string hdp::makeObjectKey(mlir::ModuleOp module, unsigned optLevel,
                               const llvm::TargetMachine &machine) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << kMagic << LLVM_VERSION_STRING << "\n-O" << optLevel << "\n"
     << machine.getTargetTriple().str() << " " << machine.getTargetCPU() << " "
     << machine.getTargetFeatureString() << "\n";
  module->print(os, mlir::OpPrintingFlags().printGenericOpForm());
  return hash(text);
}

ObjectCache::ObjectCache(llvm::StringRef folder, const std::string &key)
    : folder(folder) {
  llvm::SmallString<128> name(folder);
  llvm::sys::path::append(name, key + ".o");
  path = name.str().str();
}

std::unique_ptr<llvm::MemoryBuffer> ObjectCache::read() const {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return nullptr;
  llvm::StringRef bytes = (*file)->getBuffer();
  constexpr size_t hashSize = 40;
  if (!bytes.consume_front(kMagic) || bytes.size() <= hashSize ||
      bytes[hashSize] != '\n')
    return nullptr;
  llvm::StringRef object = bytes.drop_front(hashSize + 1);
  if (hash(object) != bytes.take_front(hashSize))
    return nullptr;
  return llvm::MemoryBuffer::getMemBufferCopy(object, path);
}

llvm::Error
ObjectCache::write(llvm::function_ref<void(llvm::StringRef)> dump) const {
  if (std::error_code code = llvm::sys::fs::create_directories(folder))
    return makeFileError(folder, code);
  llvm::SmallString<128> dumped;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("hdp", "o", dumped))
    return makeFileError(dumped, code);
  dump(dumped);
  auto object = llvm::MemoryBuffer::getFile(dumped, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  llvm::sys::fs::remove(dumped);
  if (!object)
    return makeFileError(dumped, object.getError());
  llvm::StringRef bytes = (*object)->getBuffer();
  return writeOutputFile(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    os << kMagic << hash(bytes) << "\n" << bytes;
    return llvm::Error::success();
  });
}

#include "training/failure.h"

#include <torch/torch.h>

#include <new>
#include <string>

namespace effnet::training {
namespace {

[[noreturn]] void out_of_memory() {
  throw TrainingFailure(spec::OutcomeKind::kOutOfMemory, "out of memory",
                        "use a smaller batch, resolution or net");
}

}  // namespace

TrainingFailure::TrainingFailure(spec::OutcomeKind reason, std::string_view message, std::string_view advice)
    : Error(spec::ErrorKind::kFailed, "training", message, advice), reason_(reason) {}

void with_typed_failures(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    out_of_memory();
  } catch (const c10::OutOfMemoryError&) {
    out_of_memory();
  } catch (const c10::Error& error) {
    // The CPU allocator throws the plain type; its words are the only mark.
    const std::string text = error.what_without_backtrace();
    if (text.find("DefaultCPUAllocator") != std::string::npos) out_of_memory();
    throw spec::Error(spec::ErrorKind::kFailed, "LibTorch", text);  // its own what() is a stack trace
  }
}

}  // namespace effnet::training

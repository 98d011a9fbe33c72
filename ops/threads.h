// LibTorch's threads for the whole process.
#pragma once

namespace effnet::ops {

// Sets their number. When they are as many as the processors that the process may use, each is bound to one of them:
// threads that wait for each other by spinning lose nearly everything where the system puts two of them on one core.
// With fewer threads nothing is bound, because other processes of the same job share the machine.
void use_threads(int count);

}  // namespace effnet::ops

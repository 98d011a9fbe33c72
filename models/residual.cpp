#include "models/residual.h"

namespace effnet::models {

torch::Tensor residual(const torch::Tensor& main, const torch::Tensor& shortcut, double drop_path,
                       Noise& noise, ops::Mode mode) {
  if (mode == ops::Mode::kEval || drop_path == 0) return at::add(main, shortcut);
  return at::addcmul(shortcut, main,
                     noise.keep({main.size(0), 1, 1, 1}, 1 - drop_path, main).to(main.scalar_type()));
}

}  // namespace effnet::models

// Recipe: everything about training that is not the architecture. One listing of the fields
// (`for_each_field`) is where TOML, JSON, flags, equality and printing come from; flag names are timm's where
// timm has one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "spec/config_table.h"

namespace effnet::spec {

enum class OptimizerKind { kSgd, kRmspropTf };  // sgd: Nesterov momentum; rmsproptf: TensorFlow's form
enum class ScheduleKind {
  kConstant,
  kCosine,
  kExponential
};  // per step; exponential is a staircase in epochs

struct Recipe {
  OptimizerKind opt = OptimizerKind::kSgd;
  double lr_base = 0.4;  // for lr_base_size samples a step; lr = lr_base * batch_size / lr_base_size
  double lr_base_size = 256;
  double momentum = 0.9;
  double rms_decay = 0.9;      // rmsproptf
  double opt_eps = 1e-3;       // rmsproptf, inside the root
  double weight_decay = 1e-5;  // on all parameters but batch norm's
  ScheduleKind sched = ScheduleKind::kCosine;
  double warmup_epochs = 0;
  double decay_epochs = 2.4;  // exponential
  double decay_rate = 0.97;   // exponential
  int epochs = 10;
  int batch_size = 64;
  double smoothing = 0.1;  // label smoothing
  double ema_decay = 0;    // 0: no EMA; ramp min(decay, (1+t)/(10+t)) over weights and BN buffers
  double drop_path = 0;    // rate of the last block; block i of N drops with drop_path * i / N
  double drop = 0;         // dropout before the classifier
  // running = (1-m)*running + m*batch, PyTorch's convention and default. The published EfficientNet recipes have
  // 0.01 (0.99 in TensorFlow's words) for hundreds of epochs; after the hundreds of steps of a short training such
  // an average still remembers where it started.
  double bn_momentum = 0.1;
  double clip_grad = 0;  // 0: none; else the largest global gradient norm
  int crop_padding = 0;  // random crop after padding by this many pixels
  bool hflip = false;
  double reprob = 0;  // random erasing probability

  bool operator==(const Recipe&) const = default;

  double effective_lr() const { return lr_base * batch_size / lr_base_size; }
};

std::string_view to_text(OptimizerKind kind);
std::string_view to_text(ScheduleKind kind);
OptimizerKind parse_optimizer(std::string_view text, std::string_view where);
ScheduleKind parse_schedule(std::string_view text, std::string_view where);

// visit(name, help, member) for every field in order. `Self` is Recipe or const Recipe.
template <class Self, class Visit>
void for_each_field(Self& r, Visit&& visit) {
  visit("opt", "optimizer: sgd or rmsproptf", r.opt);
  visit("lr_base", "learning rate for lr_base_size samples a step", r.lr_base);
  visit("lr_base_size", "samples that lr_base is meant for", r.lr_base_size);
  visit("momentum", "momentum", r.momentum);
  visit("rms_decay", "rmsproptf: decay of the squared gradient", r.rms_decay);
  visit("opt_eps", "rmsproptf: epsilon, inside the root", r.opt_eps);
  visit("weight_decay", "weight decay on all parameters but batch norm's", r.weight_decay);
  visit("sched", "schedule: constant, cosine or exponential", r.sched);
  visit("warmup_epochs", "linear warm-up from 0, in epochs", r.warmup_epochs);
  visit("decay_epochs", "exponential: epochs a stair", r.decay_epochs);
  visit("decay_rate", "exponential: factor a stair", r.decay_rate);
  visit("epochs", "passes over the training part", r.epochs);
  visit("batch_size", "pictures a step", r.batch_size);
  visit("smoothing", "label smoothing", r.smoothing);
  visit("ema_decay", "decay of the weights' moving average, 0 for none", r.ema_decay);
  visit("drop_path", "stochastic depth of the last block", r.drop_path);
  visit("drop", "dropout before the classifier", r.drop);
  visit("bn_momentum", "batch norm momentum, PyTorch's convention", r.bn_momentum);
  visit("clip_grad", "largest global gradient norm, 0 for none", r.clip_grad);
  visit("crop_padding", "random crop after padding by this many pixels", r.crop_padding);
  visit("hflip", "random horizontal flip", r.hflip);
  visit("reprob", "random erasing probability", r.reprob);
}

// Keys as above, all optional, on top of `base`; unknown keys are errors. Error{kUsage} for a value out of
// range too.
Recipe read_recipe(const ConfigTable& table, const Recipe& base);
Recipe read_recipe(const std::filesystem::path& file);
Recipe parse_recipe(std::string_view toml, std::string_view where);
std::string recipe_toml(const Recipe& recipe);
std::string recipe_json(const Recipe& recipe);
Recipe recipe_from_json(std::string_view json, std::string_view where);
void check(const Recipe& recipe, std::string_view where);

// One field from a number or a word ("true" and "false" for a switch). kUsage for a field that there is not, a value of another
// type or out of range.
void set_field(Recipe& recipe, std::string_view name, const std::variant<double, std::string>& value,
               std::string_view where);

}  // namespace effnet::spec

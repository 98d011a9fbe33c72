// Learning curves: a metric over the epochs, one line a run, dashed for the second part of the data.
#pragma once

#include <string>
#include <vector>

namespace effnet::report {

enum class CurvePart { kHeldOut, kTraining };  // solid, dashed

struct CurvePoint {
  double epoch = 0;
  double value = 0;
};

struct LearningCurve {
  std::string run;
  CurvePart part = CurvePart::kHeldOut;
  std::vector<CurvePoint> points;
};

struct LearningChart {
  std::string title = "Learning curves";
  std::vector<std::string> notes;
  std::string value_title = "Top-1 accuracy, %";
  int width = 680, height = 360;
};

// Vega-Lite v6 as JSON text; a run's name stands at the end of its line. Points that are not finite (a run that
// diverged) are left out. Error{kUsage} when nothing is left.
std::string learning_chart(const std::vector<LearningCurve>& curves, const LearningChart& options = {});

}  // namespace effnet::report

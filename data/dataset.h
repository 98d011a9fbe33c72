// A labelled collection of pictures. Pixels are 8-bit, (H, W, C), grey or RGB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace effnet::data {

struct Picture {
  int channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // (H, W, C), C = 1 grey or 3 RGB
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }
  int classes() const { return static_cast<int>(class_names_.size()); }
  const std::vector<std::string>& class_names() const { return class_names_; }
  int channels() const { return channels_; }
  int label(std::int64_t index) const { return labels_[static_cast<std::size_t>(index)]; }  // 0..classes-1

  // Safe to call from several threads. Error{kBadData} if a file of the set cannot be decoded.
  virtual Picture picture(std::int64_t index) const = 0;

 protected:
  // Labels must lie in 0..class_names.size()-1.
  Dataset(std::vector<int> labels, std::vector<std::string> class_names, int channels);

 private:
  std::vector<int> labels_;
  std::vector<std::string> class_names_;
  int channels_;
};

struct DatasetParts {
  std::shared_ptr<const Dataset> train, test;
};

}  // namespace effnet::data

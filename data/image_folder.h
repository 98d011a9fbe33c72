// root/{train,val}/class/*.{jpg,jpeg,png,webp,bmp}, the layout of torchvision's ImageFolder: classes are
// numbered in the sorted order of their folders' names, pictures are decoded when they are asked for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_bytes.h"

namespace effnet::data {

class ImageFolder : public Dataset {
 public:
  ImageFolder(std::vector<std::filesystem::path> files, std::vector<int> labels,
              std::vector<std::string> class_names);
  Picture picture(std::int64_t index) const override;  // always RGB

  const std::filesystem::path& file(std::int64_t index) const {
    return files_[static_cast<std::size_t>(index)];
  }

 private:
  std::vector<std::filesystem::path> files_;
};

// Whether `root` holds a folder train/ with folders in it.
bool is_image_folder(const std::filesystem::path& root);

// Hidden files and folders, and files of other endings, are passed over. Error{kBadData} if train/ or val/ is
// missing, a class of train/ has no pictures, or val/ has a class that train/ lacks. Adds the list of files
// with their sizes to `fingerprint`.
DatasetParts open_image_folder(const std::filesystem::path& root, Fingerprint& fingerprint);

}  // namespace effnet::data

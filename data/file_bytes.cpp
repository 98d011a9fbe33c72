#include "data/file_bytes.h"

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>

#include "spec/error.h"

namespace effnet::data {
namespace {

constexpr std::size_t kChunk = std::size_t{4} << 20;

spec::Error bad(const std::filesystem::path& file, std::string_view message, std::string_view advice) {
  return {spec::ErrorKind::kBadData, file.string(), message, advice};
}

spec::Error damaged(const std::filesystem::path& file, std::string_view format, std::size_t byte) {
  return bad(file, fmt::format("{} data is damaged or cut short at byte {}", format, byte),
             "Get the file again and compare its size with the source's.");
}

spec::Error too_large(const std::filesystem::path& file) {
  return bad(file, fmt::format("is larger than {} GiB", kLargestFile >> 30),
             "IDX and CIFAR files are read into memory; use an image folder for a set of this size.");
}

bool begins_with(const Bytes& bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

// Room that grows by doubling, as far as kLargestFile: what comes out is not known beforehand.
class Output {
 public:
  explicit Output(const std::filesystem::path& file) : file_(file) {}
  std::uint8_t* grow(std::size_t& available) {
    if (used_ >= kLargestFile) throw too_large(file_);
    available = std::min(std::max(kChunk, used_), kLargestFile - used_);
    bytes_.resize(used_ + available);
    return bytes_.data() + used_;
  }
  void used(std::size_t more) { used_ += more; }
  Bytes take() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  const std::filesystem::path& file_;
  Bytes bytes_;
  std::size_t used_ = 0;
};

Bytes unpack_gzip(const Bytes& packed, const std::filesystem::path& file) {
  struct Stream : z_stream {
    Stream() : z_stream{} { ready = inflateInit2(this, 15 + 16) == Z_OK; }
    ~Stream() { inflateEnd(this); }
    bool ready;
  } stream;
  if (!stream.ready) throw spec::Error(spec::ErrorKind::kEnvironment, file.string(), "zlib could not start");

  Output output(file);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    std::size_t room = 0;
    stream.next_out = output.grow(room);
    stream.avail_out = static_cast<uInt>(room);
    state = inflate(&stream, Z_NO_FLUSH);
    output.used(room - stream.avail_out);
    // Z_BUF_ERROR, no progress, is what a file that ends too early comes to.
    if (state != Z_OK && state != Z_STREAM_END) throw damaged(file, "gzip", stream.total_in);
    // A gzip file may have several members, one after the other.
    if (state == Z_STREAM_END && stream.avail_in > 0) {
      if (stream.next_in[0] != 0x1f)
        throw bad(file, "has bytes after the end of its gzip data", "Get the file again.");
      state = inflateReset(&stream);
    }
  }
  return output.take();
}

Bytes unpack_xz(const Bytes& packed, const std::filesystem::path& file) {
  constexpr std::uint64_t kMemory = std::uint64_t{256} << 20;  // xz -9 needs 65 MiB
  struct Stream {
    lzma_stream state = LZMA_STREAM_INIT;
    ~Stream() { lzma_end(&state); }
  } stream;
  if (lzma_stream_decoder(&stream.state, kMemory, LZMA_CONCATENATED) != LZMA_OK) {
    throw spec::Error(spec::ErrorKind::kEnvironment, file.string(), "liblzma could not start");
  }
  Output output(file);
  stream.state.next_in = packed.data();
  stream.state.avail_in = packed.size();
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK) {
    std::size_t room = 0;
    stream.state.next_out = output.grow(room);
    stream.state.avail_out = room;
    result = lzma_code(&stream.state, LZMA_FINISH);
    output.used(room - stream.state.avail_out);
  }
  if (result != LZMA_STREAM_END) throw damaged(file, "xz", stream.state.total_in);
  return output.take();
}

}  // namespace

Bytes read_bytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error)
    throw bad(file, fmt::format("cannot be read: {}", error.message()),
              "Check the path and its permissions.");
  if (size > kLargestFile) throw too_large(file);
  Bytes bytes(size);
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!stream || stream.gcount() != static_cast<std::streamsize>(size)) {
    throw bad(file, "cannot be read", "Check its permissions.");
  }
  return bytes;
}

Bytes unpack(Bytes packed, const std::filesystem::path& file) {
  if (file.extension() == ".gz" || begins_with(packed, {0x1f, 0x8b})) return unpack_gzip(packed, file);
  if (file.extension() == ".xz" || begins_with(packed, {0xfd, '7', 'z', 'X', 'Z', 0}))
    return unpack_xz(packed, file);
  return packed;
}

void Fingerprint::add(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  for (std::size_t i = 0; i < size; ++i) hash_ = (hash_ ^ bytes[i]) * 0x100000001b3ULL;
}

void Fingerprint::add(std::string_view text) {
  for (std::size_t rest = text.size(), i = 0; i < 8; ++i, rest >>= 8) {
    const auto byte = static_cast<std::uint8_t>(rest);
    add(&byte, 1);
  }
  add(text.data(), text.size());
}

void Fingerprint::add(const Bytes& bytes) {
  add(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string Fingerprint::hex() const {
  return fmt::format("{:016x}", hash_);
}

}  // namespace effnet::data

#include "mailbox/search/postings.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/cursor.h"

namespace pabal::mailbox::search {
namespace {

constexpr std::uint8_t kChunkForm = 1;
constexpr std::uint8_t kDirectoryForm = 1;

/// The parameter for `items` spread over `universe`: near log2 of 0.69 times the mean gap.
unsigned rice_parameter(std::uint64_t items, std::uint64_t universe) {
  const std::uint64_t mean = universe * 69 / (items * 100);
  return mean == 0 ? 0 : static_cast<unsigned>(std::bit_width(mean) - 1);
}

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void put(std::uint64_t bits, unsigned count) {
    word_ |= bits << used_;
    used_ += count;
    while (used_ >= 8) {
      out_.push_back(static_cast<char>(word_ & 0xff));
      word_ >>= 8;
      used_ -= 8;
    }
  }
  void put_zeros(std::uint64_t count) {
    for (; count > 32; count -= 32) put(0, 32);
    put(0, static_cast<unsigned>(count));
  }
  void finish() {
    if (used_ > 0) out_.push_back(static_cast<char>(word_ & 0xff));
  }

 private:
  std::string& out_;
  std::uint64_t word_ = 0;
  unsigned used_ = 0;  // below 8 between calls
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  /// The zeros before the next one, which is taken too; nothing when there is no one.
  std::optional<std::uint64_t> take_unary() {
    std::uint64_t zeros = 0;
    while (true) {
      refill();
      if (word_ != 0) {
        const auto run = static_cast<unsigned>(std::countr_zero(word_));
        drop(run + 1);
        return zeros + run;
      }
      if (left_ == 0) return std::nullopt;
      zeros += left_;
      drop(left_);
    }
  }
  std::optional<std::uint64_t> take(unsigned count) {
    if (left_ < count) refill();
    if (left_ < count) return std::nullopt;
    const std::uint64_t bits = word_ & ((std::uint64_t{1} << count) - 1);
    drop(count);
    return bits;
  }

 private:
  void drop(unsigned count) {
    word_ = count < 64 ? word_ >> count : 0;
    left_ -= count;
  }
  void refill() {
    while (left_ <= 56 && !bytes_.empty()) {
      word_ |= std::uint64_t{static_cast<unsigned char>(bytes_.front())} << left_;
      left_ += 8;
      bytes_.remove_prefix(1);
    }
  }

  std::string_view bytes_;
  std::uint64_t word_ = 0;
  unsigned left_ = 0;
};

/// Puts one ascending number after the other.
class GapWriter {
 public:
  GapWriter(BitWriter& bits, unsigned parameter) : bits_(bits), parameter_(parameter) {}
  void put(Block block) {
    const std::uint64_t gap = block - next_;
    bits_.put_zeros(gap >> parameter_);
    bits_.put(1, 1);
    bits_.put(gap & ((std::uint64_t{1} << parameter_) - 1), parameter_);
    next_ = block + 1;
  }

 private:
  BitWriter& bits_;
  unsigned parameter_;
  Block next_ = 0;
};

constexpr unsigned kUnitBits = 16;
constexpr std::uint64_t kMaxUnit = 0xFFFF;

std::uint64_t unit_at(Gram gram, unsigned index) {
  return gram >> (kGramUnits - 1 - index) * kUnitBits & kMaxUnit;
}

void append_gram(std::string& out, Gram before, Gram gram) {
  const auto first = static_cast<unsigned>(std::countl_zero(before ^ gram)) / kUnitBits;
  const auto last =
      static_cast<unsigned>(kGramUnits - 1) - static_cast<unsigned>(std::countr_zero(gram)) / kUnitBits;
  append_varint(out, (unit_at(gram, first) - unit_at(before, first) - 1) * 16 + first * 4 + last);
  for (unsigned i = first + 1; i <= last; ++i) append_varint(out, unit_at(gram, i));
}

/// Larger than the one before, or nothing.
std::optional<Gram> take_gram(Cursor& cursor, Gram before) {
  const auto head = cursor.take_varint();
  if (!head) return std::nullopt;
  const auto first = static_cast<unsigned>(*head >> 2 & 3);
  const auto last = static_cast<unsigned>(*head & 3);
  const std::uint64_t more = *head >> 4;
  if (last < first || more >= kMaxUnit - unit_at(before, first)) return std::nullopt;
  const auto place = [](std::uint64_t unit, unsigned index) {
    return unit << (kGramUnits - 1 - index) * kUnitBits;
  };
  Gram gram = place(unit_at(before, first) + more + 1, first);
  for (unsigned i = 0; i < first; ++i) gram |= place(unit_at(before, i), i);
  for (unsigned i = first + 1; i <= last; ++i) {
    const auto unit = cursor.take_varint();
    if (!unit || *unit > kMaxUnit) return std::nullopt;
    gram |= place(*unit, i);
  }
  return gram;
}

}  // namespace

void append_list(std::span<const Block> blocks, Block universe, std::string& out) {
  PABAL_CHECK(!blocks.empty() && blocks.size() <= universe && blocks.back() < universe);
  if (blocks.size() == universe) return append_varint(out, 0);
  append_varint(out, blocks.size());
  if (blocks.size() == 1) return append_varint(out, blocks.front());
  std::string codes;
  BitWriter bits(codes);
  if (blocks.size() <= universe / 2) {
    GapWriter gaps(bits, rice_parameter(blocks.size(), universe));
    for (const Block block : blocks) gaps.put(block);
  } else {
    GapWriter gaps(bits, rice_parameter(universe - blocks.size(), universe));
    Block next = 0;
    for (const Block block : blocks) {
      for (; next < block; ++next) gaps.put(next);
      next = block + 1;
    }
    for (; next < universe; ++next) gaps.put(next);
  }
  bits.finish();
  append_sized(out, codes);
}

bool Posting::decode(Block universe, Block offset, std::vector<Block>& out) const {
  if (count >= universe) return false;
  if (count == 0) {
    for (Block block = 0; block < universe; ++block) out.push_back(offset + block);
    return true;
  }
  if (count == 1) {
    if (only < universe) out.push_back(offset + static_cast<Block>(only));
    return only < universe;
  }
  const bool missing = count > universe / 2;
  const std::uint64_t items = missing ? universe - count : count;
  const unsigned parameter = rice_parameter(items, universe);
  BitReader bits(codes);
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < items; ++i) {
    const auto high = bits.take_unary();
    if (!high || *high > universe) return false;
    const auto low = bits.take(parameter);
    if (!low) return false;
    const std::uint64_t block = next + (*high << parameter | *low);
    if (block >= universe) return false;
    if (missing) {
      for (; next < block; ++next) out.push_back(offset + static_cast<Block>(next));
    } else {
      out.push_back(offset + static_cast<Block>(block));
    }
    next = block + 1;
  }
  if (missing) {
    for (; next < universe; ++next) out.push_back(offset + static_cast<Block>(next));
  }
  return true;
}

ChunkReader::ChunkReader(std::string_view chunk) : rest_(chunk) {
  if (chunk.empty() || static_cast<std::uint8_t>(chunk.front()) != kChunkForm) {
    damaged_ = true;
    rest_ = {};
  } else {
    rest_.remove_prefix(1);
  }
}

std::optional<Posting> ChunkReader::fail() {
  damaged_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<Posting> ChunkReader::next() {
  if (rest_.empty()) return std::nullopt;
  Cursor cursor(rest_);
  const auto gram = take_gram(cursor, gram_);
  const auto count = cursor.take_varint();
  if (!gram || !count) return fail();
  Posting posting{.gram = *gram, .count = *count, .only = 0, .codes = {}};
  if (*count == 1) {
    const auto only = cursor.take_varint();
    if (!only) return fail();
    posting.only = *only;
  } else if (*count != 0) {
    const auto codes = cursor.take_sized();
    if (!codes) return fail();
    posting.codes = *codes;
  }
  gram_ = posting.gram;
  rest_ = cursor.rest();
  return posting;
}

void ChunkWriter::add(Gram gram, std::span<const Block> blocks) {
  if (open_.empty()) {
    append_u8(open_, kChunkForm);
    first_ = gram;
    last_ = 0;
  }
  append_gram(open_, last_, gram);
  append_list(blocks, universe_, open_);
  last_ = gram;
  if (open_.size() >= kChunkBytes) full_.push_back({first_, std::exchange(open_, {})});
}

std::vector<ChunkWriter::Chunk> ChunkWriter::finish() {
  if (!open_.empty()) full_.push_back({first_, std::exchange(open_, {})});
  return take_full();
}

std::string encode_directory(std::span<const Gram> first_grams) {
  std::string out;
  append_u8(out, kDirectoryForm);
  Gram last = 0;
  for (const Gram gram : first_grams) append_varint(out, gram - std::exchange(last, gram));
  return out;
}

std::optional<std::vector<Gram>> decode_directory(std::string_view bytes) {
  Cursor cursor(bytes);
  if (cursor.take_u8() != kDirectoryForm) return std::nullopt;
  std::vector<Gram> grams;
  Gram last = 0;
  while (!cursor.at_end()) {
    const auto distance = cursor.take_varint();
    if (!distance || *distance == 0 || *distance > UINT64_MAX - last) return std::nullopt;
    grams.push_back(last += *distance);
  }
  return grams;
}

}  // namespace pabal::mailbox::search

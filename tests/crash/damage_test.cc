// Bytes of the store's files change behind its back: what is read is right, or refused as corrupt.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "embedded_on_faults.h"

namespace pabal::store {
namespace {

namespace fs = std::filesystem;

struct Contents {
  std::map<PartitionId, std::map<std::string, Value>> keys;
  std::map<BlobId, std::string> blobs;
};

// On the layer that never really syncs: hundreds of stores are opened here.
Result<std::unique_ptr<EmbeddedEngine>> open_without_syncs(const std::string& directory) {
  EmbeddedOptions options;
  options.directory = directory;
  options.reserve_bytes = 1024 * 1024;
  options.cache_bytes = 1024 * 1024;
  options.reader_threads = 1;
  return open_embedded_on(options, std::make_shared<FaultFileSystem>(fs::path(directory).parent_path()));
}

Contents read_all(EmbeddedOnFaults& store) {
  Contents contents;
  for (int i = 0; i < 4; ++i) {
    const PartitionId partition(fmt::format("partition {}", i));
    std::optional<KeyRange> rest = KeyRange{};
    while (rest) {
      const auto page = store.run(store.engine().scan(partition, *rest, {}));
      EXPECT_TRUE(page);
      if (!page) return contents;
      for (std::size_t n = 0; n < page->size(); ++n) {
        contents.keys[partition][std::string((*page)[n].key)] = {std::string((*page)[n].value),
                                                                 (*page)[n].version};
      }
      rest = page->next();
    }
  }
  for (const BlobId& blob : store.check().live_blobs) {
    contents.blobs[blob] = store.run(store.engine().read_blob(blob, 0, 10'000'000)).value_or("");
    EXPECT_EQ(BlobId::of(contents.blobs[blob]), blob);
  }
  return contents;
}

/// Reads all that `contents` names. True if something was refused as corrupt.
bool read_damaged(net::Loop& loop, Engine& engine, const Contents& contents) {
  bool corrupt = false;
  const auto refused = [&corrupt](const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << error.detail;
    EXPECT_FALSE(error.detail.empty());
    corrupt = true;
  };
  for (const auto& [partition, keys] : contents.keys) {
    for (const auto& [key, want] : keys) {
      const auto value = loop.run_until_done(engine.get_one(partition, key));
      if (!value) {
        refused(value.error());
      } else if (!*value) {
        ADD_FAILURE() << key << " vanished without a word";
      } else {
        EXPECT_TRUE((*value)->bytes == want.bytes && (*value)->version == want.version) << key << " is wrong";
      }
    }
    const auto page =
        loop.run_until_done(engine.scan(partition, {}, {.max_entries = 100'000, .max_bytes = kMaxPageBytes}));
    if (!page) {
      refused(page.error());
      continue;
    }
    auto want = keys.begin();
    for (std::size_t i = 0; i < page->size(); ++i, ++want) {
      if (want == keys.end() || (*page)[i].key != want->first || (*page)[i].value != want->second.bytes) {
        ADD_FAILURE() << "a scan of " << partition.value() << " is wrong at entry " << i;
        break;
      }
    }
  }
  for (const auto& [id, want] : contents.blobs) {
    const auto read = loop.run_until_done(engine.read_blob(id, 0, want.size()));
    if (!read) {
      refused(read.error());
    } else {
      EXPECT_TRUE(*read == want) << "blob " << id.to_hex() << " is wrong";
    }
  }
  return corrupt;
}

class Damage : public ::testing::Test {
 protected:
  void make_store(bool crashed) {
    ASSERT_TRUE(store_.open());
    ASSERT_TRUE(store_.commit(150).empty());
    contents_ = read_all(store_);
    if (crashed) {
      // The very last group of a journal can't be told from a torn one when it changes: let it hold what
      // nobody asks for.
      Batch last(PartitionId("last"));
      last.put("last", std::string(1000, 'x'));
      ASSERT_TRUE(store_.run(store_.engine().commit(std::move(last))));
      store_.files().cut_power();
    }
    store_.close();
    if (crashed) store_.files().restore_power({});
    for (const auto& entry : fs::recursive_directory_iterator(store_.directory())) {
      if (entry.is_regular_file() && entry.file_size() > 0)
        files_.push_back(fs::relative(entry.path(), store_.directory()));
    }
    std::ranges::sort(files_);  // as the seed has it, whatever order the directory has
  }

  /// A copy of the store with one bit changed in `file`; the store in it is opened and read.
  void damage(const fs::path& file, std::uint64_t offset, int bit) {
    const ScratchDirectory scratch("store-damage");
    const std::string copy = scratch.path() + "/store";
    fs::copy(store_.directory(), copy, fs::copy_options::recursive);
    {
      std::fstream bytes(copy / file, std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekg(static_cast<std::streamoff>(offset));
      const int byte = bytes.get();
      bytes.seekp(static_cast<std::streamoff>(offset));
      bytes.put(static_cast<char>(byte ^ (1 << bit)));
    }
    const auto verified = verify_embedded(copy);
    const bool verify_complains = !verified || !verified->faults.empty();
    auto engine = open_without_syncs(copy);
    if (!engine) {
      ++refused_at_open;
      EXPECT_TRUE(engine.error().kind == ErrorKind::kCorrupt || engine.error().kind == ErrorKind::kRefuse)
          << to_string(engine.error().kind) << ": " << engine.error().detail;
      EXPECT_TRUE(verify_complains) << "open refuses (" << engine.error().detail
                                    << "), verify finds no fault";
      return;
    }
    const bool corrupt = read_damaged(store_.loop(), **engine, contents_);
    if (corrupt) {
      ++refused_at_read;
      EXPECT_TRUE(verify_complains) << "reads are refused, verify finds no fault";
    }
    if (verify_complains) ++found_by_verify;
  }

  /// Mostly where something is written: the zeros ahead of a journal may be the larger part of a store.
  std::uint64_t some_offset(const fs::path& file, std::mt19937_64& dice) const {
    std::ifstream bytes(store_.directory() / file, std::ios::binary);
    const std::uint64_t size = fs::file_size(store_.directory() / file);
    std::uint64_t offset = 0;
    for (int tries = 0; tries < 20; ++tries) {
      offset = dice() % size;
      bytes.seekg(static_cast<std::streamoff>(offset));
      if (bytes.get() != 0) break;
    }
    return offset;
  }

  void damage_at_random(std::uint64_t seed, int times) {
    std::mt19937_64 dice(seed);
    for (int i = 0; i < times; ++i) {
      const fs::path& file = files_[dice() % files_.size()];
      const std::uint64_t offset = some_offset(file, dice);
      const int bit = static_cast<int>(dice() % 8);
      SCOPED_TRACE(fmt::format("seed {}, {}: {} at {}, bit {}", seed, i, file.string(), offset, bit));
      damage(file, offset, bit);
    }
  }

  EmbeddedOnFaults store_{31, 4};
  Contents contents_;
  std::vector<fs::path> files_;
  int refused_at_open = 0;
  int refused_at_read = 0;
  int found_by_verify = 0;
};

TEST_F(Damage, NoChangedBitIsEverReadAsRight) {
  make_store(false);
  damage_at_random(1, 150);
  // Most bits of a store matter; if none was found, nothing was looked at.
  EXPECT_GT(refused_at_open + refused_at_read, 0);
}

// Before replay the journal is all there is: a bit that changed in the midst of it is not taken for a torn
// end.
TEST_F(Damage, NoChangedBitOfAJournalToReplayIsSkipped) {
  make_store(true);
  std::erase_if(files_,
                [](const fs::path& file) { return file.string().find("journal") == std::string::npos; });
  ASSERT_FALSE(files_.empty());
  damage_at_random(2, 80);
}

TEST_F(Damage, AMissingFileIsNoticed) {
  make_store(false);
  for (const fs::path& file : files_) {
    if (file.filename().string().starts_with("LO") || file.filename().string().starts_with("OPTIONS"))
      continue;
    SCOPED_TRACE(file.string());
    const ScratchDirectory scratch("store-damage");
    const std::string copy = scratch.path() + "/store";
    fs::copy(store_.directory(), copy, fs::copy_options::recursive);
    fs::remove(copy / file);
    const auto verified = verify_embedded(copy);
    auto engine = open_without_syncs(copy);
    if (!engine) continue;
    if (read_damaged(store_.loop(), **engine, contents_)) EXPECT_TRUE(!verified || !verified->faults.empty());
  }
}

}  // namespace
}  // namespace pabal::store

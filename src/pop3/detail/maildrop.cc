#include "pop3/detail/maildrop.h"

namespace pabal::pop3::detail {

Maildrop::Maildrop(mailbox::Table table, std::uint32_t uid_validity, std::optional<WallTime> since)
    : table_(std::move(table)), uid_validity_(uid_validity) {
  if (since) chosen_.emplace();
  table_->for_each([&](std::size_t position, const mailbox::Row& row) {
    if (since && row.received < *since) return;
    if (since) chosen_->push_back(static_cast<std::uint32_t>(position));
    bytes_ += row.size_bytes;
  });
}

void Maildrop::append_unique_id(std::string& out, Position message) const {
  const mailbox::Row& row = (*this)[message];
  fmt::format_to(std::back_inserter(out), "{:x}.{:x}.{:x}", uid_validity_, row.uid.value(),
                 row.saved.time_since_epoch().count());
}

void Maildrop::mark_deleted(Position message) {
  deleted_.resize(size());
  deleted_[message] = true;
  ++deleted_count_;
  deleted_bytes_ += (*this)[message].size_bytes;
}

void Maildrop::unmark_all() {
  deleted_.clear();
  deleted_count_ = 0;
  deleted_bytes_ = 0;
}

std::vector<Position> Maildrop::deleted() const {
  std::vector<Position> out;
  out.reserve(deleted_count_);
  for (Position message = 0; message < deleted_.size(); ++message) {
    if (deleted_[message]) out.push_back(message);
  }
  return out;
}

bool Maildrop::is_gone(Position message, const mailbox::Table& now) const {
  return now != table_ && now && !now->find((*this)[message].uid);
}

}  // namespace pabal::pop3::detail

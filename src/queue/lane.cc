#include "queue/lane.h"

#include <algorithm>
#include <utility>

namespace pabal::queue {

void Lane::arrive(Task task, WallTime now) {
  if (working_.contains(task.name) || ready_names_.contains(task.name)) return;
  if (task.due > now || !has_room_for(task.submitter)) {
    note_unread(task.place());
  } else {
    add_ready(std::move(task));
  }
}

bool Lane::has_room_for(std::uint64_t submitter) const {
  if (ready_ < options_.max_ready) return true;
  if (ready_ >= 2 * options_.max_ready) return false;
  const auto queue = queues_.find(submitter);
  return queue == queues_.end() || queue->second.size() < options_.fair_share;
}

void Lane::add_ready(Task task) {
  ready_names_.insert(task.name);
  queues_[task.submitter].push_back(std::move(task));
  ++ready_;
}

std::optional<Task> Lane::take() {
  if (queues_.empty()) return std::nullopt;
  auto queue = queues_.upper_bound(last_submitter_);
  if (queue == queues_.end()) queue = queues_.begin();
  last_submitter_ = queue->first;
  Task task = std::move(queue->second.front());
  queue->second.pop_front();
  if (queue->second.empty()) queues_.erase(queue);
  --ready_;
  ready_names_.erase(task.name);
  working_.insert(task.name);
  return task;
}

bool Lane::claim(TaskName name) {
  if (working_.contains(name)) return false;
  if (ready_names_.erase(name) > 0) {
    for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
      if (std::erase_if(queue->second, [&](const Task& task) { return task.name == name; }) == 0) continue;
      --ready_;
      if (queue->second.empty()) queues_.erase(queue);
      break;
    }
  }
  working_.insert(name);
  return true;
}

void Lane::leave(TaskName name, std::optional<LinePlace> now_at) {
  working_.erase(name);
  if (reading_) left_meanwhile_.insert(name);
  if (now_at) note_unread(*now_at);
}

void Lane::note_unread(const LinePlace& place) {
  unread_from_ = std::min(unread_from_, place);
  if (reading_) unread_meanwhile_ = std::min(unread_meanwhile_, place);
}

void Lane::begin_reading() {
  reading_ = true;
  unread_meanwhile_ = LinePlace::behind_all();
  left_meanwhile_.clear();
}

void Lane::end_reading(std::vector<Task> tasks, const LinePlace& unread_from) {
  reading_ = false;
  for (Task& task : tasks) {
    // What left meanwhile is not what the page says it is; what is known is known better.
    if (left_meanwhile_.contains(task.name) || working_.contains(task.name) ||
        ready_names_.contains(task.name)) {
      continue;
    }
    add_ready(std::move(task));
  }
  unread_from_ = std::min(unread_from, unread_meanwhile_);
}

void Lane::fail_reading() { reading_ = false; }

std::size_t Lane::room() const {
  const std::size_t limit = probing_ ? 1 : limit_;
  return limit > attempts_ ? limit - attempts_ : 0;
}

bool Lane::learn(ErrandReport::Hosts hosts, std::string trouble, WallTime began, WallTime now,
                 const RetryPolicy& policy, Random& random) {
  if (hosts == ErrandReport::Hosts::kWell) {
    const bool recovered = std::exchange(probing_, false);
    proven_ = true;
    next_rest_ = options_.first_rest;
    rest_until_ = WallTime::min();
    // Quickly up to what is usual, then by one for each round that went well.
    ++successes_;
    if (limit_ < options_.max_concurrency &&
        (limit_ < 2 * options_.initial_concurrency || successes_ >= limit_)) {
      ++limit_;
      successes_ = 0;
    }
    return recovered;
  }
  successes_ = 0;
  // Attempts that began together fail together: that is one piece of bad news, not twenty.
  if (began < rested_at_) return false;
  if (hosts == ErrandReport::Hosts::kTroubled && limit_ > 1) {
    limit_ = std::max<std::size_t>(limit_ / 2, 1);
    rested_at_ = now;
    return false;
  }
  rest(std::move(trouble), now, policy, random);
  return false;
}

void Lane::rest(std::string trouble, WallTime now, const RetryPolicy& policy, Random& random) {
  trouble_ = std::move(trouble);
  probing_ = true;
  limit_ = options_.initial_concurrency;
  rested_at_ = now;
  rest_until_ = now + jittered(policy, next_rest_, random);
  next_rest_ = std::min(2 * next_rest_, options_.longest_rest);
}

}  // namespace pabal::queue

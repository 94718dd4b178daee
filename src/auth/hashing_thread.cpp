#include "auth/hashing_thread.h"

#include <crypt.h>
#include <csignal>
#include <memory>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "auth/digest.h"
#include "base/check.h"

namespace seki::auth {

namespace {

bool matches(const std::string& password, const std::string& hash, crypt_data& space) {
    const char* const made = ::crypt_r(password.c_str(), hash.c_str(), &space);
    // A failure is a text that no hash begins with (crypt(3)).
    return made != nullptr && made[0] != '*' && equal_in_constant_time(made, hash);
}

}  // namespace

HashingThread::HashingThread(EventLoop& loop) : loop_(loop) {}

HashingThread::~HashingThread() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    waiting_jobs_.notify_one();
    thread_.join();
    loop_.unwatch(ready_.get(), watch_);
}

void HashingThread::begin(HashingJob job) {
    if (!thread_.joinable()) start();
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    waiting_jobs_.notify_one();
}

void HashingThread::start() {
    ready_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    SEKI_CHECK(ready_.valid());
    const auto watched = loop_.watch(ready_.get(), EPOLLIN, *this, EventLoop::Order::normal);
    SEKI_CHECK(watched.has_value());
    watch_ = *watched;
    // Signals are the loop's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void HashingThread::work() {
    const auto space = std::make_unique<crypt_data>();
    while (true) {
        std::unique_lock lock(mutex_);
        waiting_jobs_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        if (ending_) return;
        HashingJob job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();

        bool found = false;
        for (const std::string& hash : job.hashes) found = matches(job.password, hash, *space) || found;
        OPENSSL_cleanse(job.password.data(), job.password.size());

        lock.lock();
        outcomes_.push_back({job.id, found});
        lock.unlock();
        const uint64_t one = 1;
        if (::write(ready_.get(), &one, sizeof one) < 0) continue;  // it is full of news already
    }
}

void HashingThread::on_event(uint32_t /*events*/) {
    uint64_t count = 0;
    if (::read(ready_.get(), &count, sizeof count) < 0) return;
    std::vector<Outcome> outcomes;
    {
        const std::lock_guard lock(mutex_);
        outcomes.swap(outcomes_);
    }
    for (const Outcome& outcome : outcomes) done_(outcome.id, outcome.matches);
}

}  // namespace seki::auth

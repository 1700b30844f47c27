"""Disks, LevelDB and backups."""

from grafana import GREEN, ORANGE, RED, Dashboard, names, p99, quantiles, steps

DASHBOARD = Dashboard("storage", "Storage", "Disks, LevelDB, file descriptors and backups")
D = DASHBOARD

D.row("Writing")
D.heatmap("Synced writes of the log", "Every write of a client waits for one of these on a majority.",
          "baton_disk_log_sync_duration_seconds{P}")
D.graph("Synced writes by member", "Half of them, and the slowest hundredth, which should stay below 10 ms.",
        quantiles("baton_disk_log_sync_duration_seconds{P}", "pod", "{{pod}}"), unit="s")
D.graph("Write under way", "The age of the log write under way. A leader whose write hangs for two election timeouts "
        "gives up leading.", [("baton_disk_oldest_log_write_age_seconds{P}", "{{pod}}")], unit="s")
D.heatmap("Batches into the state", "Of what was applied, into the state tables; not synced.",
          "baton_disk_state_commit_duration_seconds{P}")
D.graph("Batches by member", "The slowest hundredth.",
        p99("baton_disk_state_commit_duration_seconds{P}", "pod", "{{pod}}"), unit="s")
D.graph("Written to the log", "Bytes of entries per second, and synced writes per second.",
        [("rate(baton_disk_log_written_bytes_total{P}[$__rate_interval])", "{{pod}}")], unit="Bps")

D.row("Space")
D.timeline("Level of the disk", "Ample, low or exhausted: docs/disk-full.md says what goes on and what does not.",
           [('max by (pod) (baton_disk_level{P, level="low"} + ignoring(level) group_left() '
             '2 * baton_disk_level{P, level="exhausted"})', "{{pod}}")],
           names(v0=("ample", GREEN), v1=("low", ORANGE), v2=("exhausted", RED)))
D.graph("Free", "What may still be written, beside the reserve.", [("baton_disk_free_bytes{P}", "{{pod}}")],
        unit="bytes")
D.graph("Reserve", "Held for when the disk is full.", [("baton_disk_reserve_bytes{P}", "{{pod}}")], unit="bytes")
D.graph("Used by Baton", "Bytes of the two databases on disk, about.",
        [("baton_leveldb_bytes{P}", "{{pod}} {{database}}")], unit="bytes")
D.graph("Volumes", "How full the volumes of the members are, as the kubelet sees them.",
        [('kubelet_volume_stats_used_bytes{namespace="$namespace"} '
          '/ kubelet_volume_stats_capacity_bytes{namespace="$namespace"} '
          'and on (namespace, persistentvolumeclaim) '
          'label_replace(up{P}, "persistentvolumeclaim", "data-$1", "pod", "(.+)")',
          "{{persistentvolumeclaim}}")], unit="percentunit")
D.graph("File descriptors", "The part of its file descriptors that each member uses.",
        [("process_open_fds{P} / process_max_fds{P}", "{{pod}}")], unit="percentunit")
D.graph("Appends without room", "Appends that were not taken because the disk was full, per second.",
        [("rate(baton_disk_appends_without_room_total{P}[$__rate_interval])", "{{pod}}")], unit="ops")

D.row("LevelDB")
D.graph("Tables in level 0", "At 8 LevelDB slows writes down, at 12 it stops them until some are merged.",
        [('baton_leveldb_files{P, level="0"}', "{{pod}} {{database}}")])
D.graph("Tables by level", "Of the state, of all members together.",
        [('sum by (level) (baton_leveldb_files{P, database="state"})', "level {{level}}")], stacked=True)
D.graph("Bytes by level", "Of the state, of all members together, to a MiB.",
        [('sum by (level) (baton_leveldb_level_bytes{P, database="state"})', "level {{level}}")], unit="bytes",
        stacked=True)
D.graph("Time spent merging", "Per second, of one thread.",
        [("sum by (pod, database) (rate(baton_leveldb_compaction_seconds_total{P}[$__rate_interval]))",
          "{{pod}} {{database}}")], unit="percentunit")
D.graph("Written by merging", "Bytes per second, of all levels.",
        [("sum by (pod, database) (rate(baton_leveldb_compaction_written_bytes_total{P}[$__rate_interval]))",
          "{{pod}} {{database}}")], unit="Bps")
D.graph("Memory", "Of the write buffers and the caches, about.",
        [("baton_leveldb_memory_bytes{P}", "{{pod}} {{database}}")], unit="bytes")

D.row("Backups")
D.stat("Newest backup", "Its age. Empty: none since these processes were started.",
       [("time() - max(baton_backup_last_success_timestamp_seconds{C})", "age")], unit="s", width=6,
       colors=steps(GREEN, (86400, ORANGE), (172800, RED)))
D.stat("Completed", "Backups that were read to their end, in the time shown.",
       [("sum(increase(baton_backups_completed_total{C}[$__range]))", "completed")], width=6, decimals=0)
D.stat("Failed", "Backups that were begun and not completed, in the time shown.",
       [("sum(increase(baton_backups_failed_total{C}[$__range]))", "failed")], width=6, decimals=0,
       colors=steps(GREEN, (1, RED)))
D.stat("Duration", "The mean of a backup that was completed.",
       [("sum(baton_backup_duration_seconds_sum{C}) / (sum(baton_backup_duration_seconds_count{C}) > 0)", "mean")],
       unit="s", width=6)
D.graph("Sent for backups", "Bytes per second.",
        [("rate(baton_backup_sent_bytes_total{P}[$__rate_interval])", "{{pod}}")], unit="Bps", width=24)

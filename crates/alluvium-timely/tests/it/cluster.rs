//! Workers of several processes find each other over the network, here in threads of one.

use std::sync::Arc;

use alluvium_timely::cluster::{engine_arguments, loopback_addresses, write_host_file};
use alluvium_timely::{Deployment, Job, JobReport, Recovered};

use crate::counting::Counting;
use crate::place::{Place, options};
use crate::words::{Break, Words};

const PROCESSES: usize = 2;
const WORKERS: usize = 2;

/// Runs an attempt as that many processes.
fn run_cluster(place: &Place, words: &Words) -> [JobReport; PROCESSES] {
    let argument = place.recover().unwrap().to_argument();
    let host_file = place.path().join("hosts");
    write_host_file(&host_file, &loopback_addresses(PROCESSES).unwrap()).unwrap();
    let run = |process: usize| {
        let recovered = Recovered::from_argument(&argument).unwrap();
        let engine = engine_arguments(process, PROCESSES, WORKERS, &host_file).unwrap();
        let (storage, store) = (Arc::clone(&place.storage), Arc::clone(&place.store));
        let deployment =
            Deployment::new(crate::place::JOB, storage, store, place.path().join("work"));
        let job = Job::new(
            deployment,
            words.clone(),
            Counting::default,
            Arc::clone(&place.sink),
        );
        job.options(options()).run(&engine, &recovered).unwrap()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        [run(0), other.join().unwrap()]
    })
}

#[test]
fn two_processes_go_on_from_one_and_put_out_every_line_once() {
    let (place, words) = (Place::new(), Words::new(5, 1500));
    place.run_until_broken(&words, 1, &Break::after_checkpoints(3));

    let reports = run_cluster(&place, &words);

    assert_eq!(place.published(), words.expected());
    let workers: Vec<_> = reports
        .iter()
        .flat_map(|report| &report.workers)
        .map(|worker| worker.worker)
        .collect();
    assert_eq!(workers, [0, 1, 2, 3]);
}

"""What pods run: fetch, check and load of adapters and base models.

On Python 3.9+ with boto3 and, for stated signers, cryptography. In a pod these files come out of a ConfigMap as the
package `payload`, so imports among them are relative. Nothing else of the program is there.
"""
